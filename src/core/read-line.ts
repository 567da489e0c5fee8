import { assert } from '../lib/assert.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId, StateId } from './ids.ts';
import {
  type CounterRow,
  type ErasureScope,
  type EventLine,
  type Line,
  lineVersion,
  type MergedLine,
  type Totals,
} from './line.ts';
import type { LineBase } from './line-base.ts';
import type { IdentityKind } from './profile.ts';

/** Reads what `writeLine` wrote; throws when it is something else. */
export function readLine(text: string): Line {
  return toLine(JSON.parse(text) as StoredLine);
}

/** The line that a stored object says; throws when it is of another version. */
export function toLine(stored: StoredLine): Line {
  assert(stored.v === lineVersion, `line of version ${stored.v}`);
  const base = {
    id: stored.id as EventId,
    project: stored.project as ProjectId,
    profile: stored.profile as ProfileId,
    atMs: stored.at,
    timeSec: stored.time,
    session: (stored.session ?? null) as SessionId | null,
  };
  const device = (stored.device ?? null) as IdentityId | null;
  switch (stored.kind) {
    case 'event':
      return { ...base, ...eventOf(stored), device };
    case 'attributes':
      return { ...base, kind: 'attributes', params: stored.params as JsonObject };
    case 'facts':
      return { ...base, kind: 'facts', device, params: stored.params as JsonObject };
    case 'overridden': {
      const { events = [], states = [] } = stored;
      return { ...base, kind: 'overridden', events, states, totals: stored.totals as Totals };
    }
    case 'identity_attached':
      return { ...base, kind: 'identity_attached', name: stored.name as IdentityKind };
    case 'identity_detached':
    case 'identity_used':
    case 'identity_handed_on': {
      const identity = stored.identity as IdentityId;
      return { ...base, kind: stored.kind, name: stored.name as IdentityKind, identity };
    }
    case 'merged':
      return { ...base, kind: 'merged', ...readMerged(stored) };
    case 'merged_into':
      return { ...base, kind: 'merged_into', into: stored.into as ProfileId };
    case 'erased': {
      const document = stored.document === undefined ? null : JSON.stringify(stored.document);
      return { ...base, kind: 'erased', scope: stored.scope as ErasureScope, document };
    }
    case 'session_opened':
      return { ...base, kind: 'session_opened', device, ...readOpened(stored) };
    case 'session_resumed':
      return { ...base, kind: 'session_resumed', billed: stored.billed ?? false };
    case 'session_ended':
      return { ...base, kind: 'session_ended', spentSec: stored.spent as number };
    case 'state_entered': {
      const params = stored.params as JsonObject;
      const info = stored.info ?? null;
      return { ...base, kind: 'state_entered', name: stored.name as string, info, params, device };
    }
    case 'state_left': {
      const state = stored.state as StateId;
      const spentSec = stored.spent as number;
      return { ...base, kind: 'state_left', state, name: stored.name as string, spentSec };
    }
    case 'state_paused':
    case 'state_resumed':
      return { ...base, kind: stored.kind, state: stored.state as StateId };
    case 'created':
    case 'unblocked':
    case 'session_continued':
    case 'session_paused':
    case 'time_passed':
      return { ...base, kind: stored.kind };
  }
}

function eventOf(stored: StoredLine): Omit<EventLine, keyof LineBase | 'device'> {
  return {
    kind: 'event',
    name: stored.name as string,
    value: stored.value ?? null,
    info: stored.info ?? null,
    params: stored.params as JsonObject,
    state: (stored.state ?? null) as StateId | null,
    passive: stored.passive ?? false,
    stamped: stored.stamped ?? false,
  };
}

function readMerged({ part, same, document }: StoredLine) {
  return {
    part: part as ProfileId,
    same: same as MergedLine['same'],
    document: JSON.stringify(document),
  };
}

function readOpened({ background = false, billed = false, prior }: StoredLine) {
  const { spent: spentSec, ...counts } = prior as NonNullable<StoredLine['prior']>;
  return { background, billed, prior: { ...counts, spentSec } };
}

/** A line as the object that its text parses to. */
export interface StoredLine {
  readonly v: number;
  readonly id: number;
  readonly project: number;
  readonly profile: number;
  readonly at: number;
  readonly time: number;
  readonly kind: Line['kind'];
  readonly session?: number;
  readonly device?: number;
  readonly identity?: number;
  readonly state?: number;
  readonly part?: number;
  readonly same?: readonly (readonly [number, number])[];
  readonly document?: Json;
  readonly into?: number;
  readonly scope?: ErasureScope;
  readonly name?: string;
  readonly value?: number;
  readonly info?: string;
  readonly spent?: number;
  readonly background?: boolean;
  readonly billed?: boolean;
  readonly passive?: boolean;
  readonly stamped?: boolean;
  readonly prior?: { readonly events: number; states: number; sessions: number; spent: number };
  readonly events?: readonly CounterRow[];
  readonly states?: readonly CounterRow[];
  readonly totals?: Totals;
  readonly params?: { readonly [name: string]: Json };
}
