import type { Command } from '../core/command.ts';
import type { ContentRequest, ContentResult } from '../core/content/content.ts';
import type { NameLimits } from '../core/content/names.ts';
import type { NamedIdentity } from '../core/identity.ts';
import type { ProfileId, ProjectId } from '../core/ids.ts';
import type { Outcome } from '../core/outcome.ts';
import { retryAfterSec } from './limits.ts';

/** One thing a request asks, with the pair by which an SDK marks a repeat, if it sent one. */
export interface Item {
  readonly command: Command;
  readonly pair?: Pair;
}

/** An SDK's mark of one action: `record` names (device, uuid), `member` is the action's reqId (design D7). */
export interface Pair {
  readonly record: string;
  readonly member: string;
}

/** One thing a request asks of its project's content; `pair` as of an item. */
export interface ContentItem {
  readonly request: ContentRequest;
  readonly pair?: Pair;
}

/** A request as the engine takes it: applied as a whole at one place in the order, stored in one commit. */
export interface Batch {
  readonly project: ProjectId;
  readonly items: readonly Item[];
  /** Answered after the items: what belongs to a profile and what belongs to a project do not depend on each other. */
  readonly content?: readonly ContentItem[];
  /** How many names its project's app may use; left out: its names are not looked at. */
  readonly names?: NameLimits | undefined;
  /** Bytes of the request's body: what it holds of the queue's bound. */
  readonly bytes: number;
  readonly keyed?: Keyed;
}

/** A request that carries an `Idempotency-Key`. */
export interface Keyed {
  /** Names the record: project, route and key. */
  readonly record: string;
  readonly bodyHash: string;
  /** Renders the answer to be kept for repeats, once the outcomes are known. */
  readonly render: (outcomes: readonly Outcome[], contents: readonly ContentResult[]) => string;
}

export type BatchResult =
  /** One outcome per item, in order, and one result per request about content. On disk. */
  | {
      readonly code: 'done';
      readonly outcomes: readonly Outcome[];
      readonly contents?: readonly ContentResult[];
    }
  /** A keyed request: the answer as it is kept, for the first and for every repeat. On disk. */
  | { readonly code: 'answered'; readonly answer: string }
  /** The `Idempotency-Key` was used with another body. Nothing was applied. */
  | { readonly code: 'key_reused' }
  /** Not stored (overload, full disk), or not known (the process is about to stop): try again later. */
  | {
      readonly code: 'unavailable';
      readonly retryAfterSec: number;
      /** Other requests that name the same user are the reason (Leanplum contract 4.4). */
      readonly userBusy?: true;
    };

export const unavailable: BatchResult = { code: 'unavailable', retryAfterSec };
export const userBusy: BatchResult = { code: 'unavailable', retryAfterSec, userBusy: true };

/** The ids of one user as a batch names him, with the keys under which memory knows them. */
export interface NamedUser {
  readonly ids: readonly NamedIdentity[];
  readonly keys: readonly string[];
  /** Set where a command names a profile by its internal id. */
  readonly profile?: ProfileId;
}

/** A batch in the queue. */
export interface Queued {
  readonly batch: Batch;
  /** Whom it names, each once as long as neighbours name the same one. */
  readonly users: readonly NamedUser[];
  /** For each item, its place in `users`. */
  readonly userOf: readonly number[];
  /** The keys of all of them, each once. */
  readonly keys: ReadonlySet<string>;
  readonly records: readonly string[];
  readonly finish: (result: BatchResult) => void;
  /** `removals` of the memory when everything it names was known there. */
  completeAt: number | undefined;
  /** When it began to wait, by `performance.now()`. */
  waitingSince: number;
  /** Somebody else who names one of its users was waiting then. */
  sharesUser: boolean;
}

export function identityKey(project: ProjectId, kind: string, value: string): string {
  return `${project}/${kind}/${value}`;
}

/** Works out once what a batch names, so that asking memory again at the head costs little. */
export function queue(batch: Batch, finish: (result: BatchResult) => void): Queued {
  const users: NamedUser[] = [];
  const userOf: number[] = [];
  const records = new Set<string>();
  if (batch.keyed !== undefined) records.add(batch.keyed.record);
  let last: readonly NamedIdentity[] | undefined;
  let lastRecord: string | undefined;
  for (const { command, pair } of batch.items) {
    if ('profile' in command) {
      last = undefined;
      users.push({ ids: [], keys: [], profile: command.profile });
    } else if (command.ids !== last) {
      last = command.ids;
      users.push({ ids: last, keys: last.map((id) => identityKey(batch.project, id.kind, id.value)) });
    }
    userOf.push(users.length - 1);
    if (pair !== undefined && pair.record !== lastRecord) {
      lastRecord = pair.record;
      records.add(lastRecord);
    }
  }
  for (const { pair } of batch.content ?? []) if (pair !== undefined) records.add(pair.record);
  return {
    batch,
    users,
    userOf,
    keys: new Set(users.flatMap((user) => user.keys)),
    records: [...records],
    finish,
    completeAt: undefined,
    waitingSince: 0,
    sharesUser: false,
  };
}
