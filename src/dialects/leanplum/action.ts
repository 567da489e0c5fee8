import type { Command } from '../../core/command.ts';
import type { ContentRequest, ContentResult } from '../../core/content/content.ts';
import type { NameLimits } from '../../core/content/names.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { LeanplumKeyClass } from '../../core/project.ts';
import type { CallClock } from './clock.ts';
import { type Fault, faults } from './fault.ts';
import type { Limits } from './limits.ts';
import { type Parameters, textOf } from './parameters.ts';
import type { Currencies } from './rules/currency.ts';
import type { Origin } from './rules/detect.ts';
import type { User } from './user.ts';

/** What an action file gives the table: one wire action, from its parameters to a command and from outcome to reply. */
export interface Action {
  readonly name: string;
  /** The key class of contract 2.1; a development key also works wherever a production key does. */
  readonly key: LeanplumKeyClass;
  /** It may be called without naming a user: `call.user.ids` is empty then. */
  readonly userIsOptional?: true;
  /** Users it names are not counted as looked up (contract 4.5). */
  readonly isFree?: true;
  readonly toCommand: (parameters: Parameters, call: ActionCall) => Translated | Fault;
  /** The members of the element beside `success` and `reqId`. */
  readonly toReply: (
    outcome: Outcome,
    call: ActionCall,
    parameters: Parameters,
    /** What its `content` came to. */
    content: ContentResult | undefined,
  ) => ReplyFields;
}

/** What an action knows of the call it came in. */
export interface ActionCall {
  readonly user: User;
  readonly clock: CallClock;
  /** The call comes from an SDK. */
  readonly isSdk: boolean;
  /** The action is that of a developer: its key is one, or its call would have been refused. */
  readonly devMode: boolean;
  /** The address under which the caller reached this API. */
  readonly endpoint: string;
  /** Where it came from. */
  readonly origin: Origin;
  readonly settings: ActionSettings;
}

/** What the operator decides about actions. */
export interface ActionSettings {
  readonly currencies: Currencies;
  /** A `track` of long ago is kept at its time: old data is being loaded (contract 3.5, 8.1). */
  readonly keepsOldTimes: boolean;
  readonly limits: Limits;
  /** Names that an app may use (contract 8.1); undefined: any number of every kind. */
  readonly nameLimits: NameLimits | undefined;
}

export interface Translated {
  /** undefined: it means no profile. */
  readonly command: Command | undefined;
  /** What it asks of the project's content, if anything. */
  readonly content?: ContentRequest;
  /** Why something of it was altered or skipped; what is wrong with the clock of its call is said without it. */
  readonly warning?: string | undefined;
}

/** One text of all that there is to say; undefined when there is nothing. */
export function warningOf(warnings: readonly string[]): string | undefined {
  return warnings.length === 0 ? undefined : warnings.join(' ');
}

export type ReplyFields = { readonly [name: string]: unknown };

/** Whether an unknown user is created; every action has its own default (contract 2.1). */
export function createsUser(parameters: Parameters, byDefault: boolean): boolean {
  const disposition = textOf(parameters['createDisposition']);
  if (disposition === undefined || disposition === '') return byDefault;
  return disposition !== 'CreateNever';
}

/** A word that is neither of the two would create users whom its caller may not have wanted. */
export function findBadDisposition({ createDisposition: given }: Parameters): Fault | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  return given === 'CreateIfNeeded' || given === 'CreateNever'
    ? undefined
    : faults.invalid('createDisposition');
}

/** For an action that only has to know whether the user exists, and leaves him as he is. */
export function askForUser(parameters: Parameters, { user: { ids } }: ActionCall): Command {
  if (!createsUser(parameters, false)) return { kind: 'find_user', ids, create: false };
  // Setting nothing creates an unknown user and does nothing to a known one.
  return { kind: 'set_attributes', ids, create: true, attributes: [], timeSec: null, keepNewer: false };
}
