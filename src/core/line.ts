import type { JsonObject } from '../lib/json.ts';
import type { IdentityId, ProfileId, StateId } from './ids.ts';
import type { LineBase } from './line-base.ts';
import type { IdentityKind } from './profile.ts';
import type {
  SessionContinuedLine,
  SessionEndedLine,
  SessionOpenedLine,
  SessionPausedLine,
  SessionResumedLine,
  StateEnteredLine,
  StateLeftLine,
  StatePausedLine,
  TimePassedLine,
} from './session-line.ts';

/** Version of the line schema. A stored line is never rewritten: a change here is a new version beside the old. */
export const lineVersion = 1;

export interface CreatedLine extends LineBase {
  readonly kind: 'created';
}

/** The profile got an external id; the line's own id is the identity's internal id from then on. */
export interface IdentityAttachedLine extends LineBase {
  readonly kind: 'identity_attached';
  readonly name: IdentityKind;
}

/**
 * The profile lost an external id: a soft id that was not used for longer than the newest ones, or one by which somebody
 * else was named.
 */
export interface IdentityDetachedLine extends LineBase {
  readonly kind: 'identity_detached';
  readonly name: IdentityKind;
  readonly identity: IdentityId;
}

/** A soft id was used and is now the newest of its kind. */
export interface IdentityUsedLine extends LineBase {
  readonly kind: 'identity_used';
  readonly name: IdentityKind;
  readonly identity: IdentityId;
}

/** A device of the profile is used by somebody else from now on; it stays in the profile's own list. */
export interface IdentityHandedOnLine extends LineBase {
  readonly kind: 'identity_handed_on';
  readonly name: IdentityKind;
  readonly identity: IdentityId;
}

/** Another profile became part of this one, which has everything it had from now on. */
export interface MergedLine extends LineBase {
  readonly kind: 'merged';
  readonly part: ProfileId;
  /** Ids that both had: the part's, which goes, and this profile's, which stays. */
  readonly same: readonly (readonly [part: IdentityId, own: IdentityId])[];
  /** The part as it was (`writeWithoutValues`), so that a profile is the fold of its own lines. */
  readonly document: string;
}

/** The last line of a profile: from now on it is part of `into`, and so are its ids. */
export interface MergedIntoLine extends LineBase {
  readonly kind: 'merged_into';
  readonly into: ProfileId;
}

/** What an erasure takes: what says who somebody is and what he is like, or everything. */
export type ErasureScope = 'personal' | 'all';

/** Kinds of lines that an erasure of `personal` takes out of the history; what somebody did stays. */
export const personalKinds = [
  'attributes',
  'facts',
  'merged',
  'identity_attached',
  'identity_detached',
  'identity_used',
  'identity_handed_on',
  'erased',
] as const satisfies readonly Line['kind'][];

/** Up to here lines of the profile and its parts are erased. It says the state from here on, so that no line before is missed. */
export interface ErasedLine extends LineBase {
  readonly kind: 'erased';
  readonly scope: ErasureScope;
  /** As JSON, without the values of ids; null: nobody is this profile any more. */
  readonly document: string | null;
}

/** Things are kept about a blocked user again. */
export interface UnblockedLine extends LineBase {
  readonly kind: 'unblocked';
}

/** Attributes set (value) or cleared (null), all at `timeSec`. */
export interface AttributesLine extends LineBase {
  readonly kind: 'attributes';
  readonly params: JsonObject;
}

/** What is known about the user, or about one of his devices: set at `timeSec`. */
export interface FactsLine extends LineBase {
  readonly kind: 'facts';
  readonly device: IdentityId | null;
  readonly params: JsonObject;
}

/** A lifetime counter; times in Unix seconds. */
export type CounterRow = readonly [
  name: string,
  count: number,
  valueSum: number | null,
  firstSec: number,
  lastSec: number,
];

/** Lifetime totals; null: as before. */
export interface Totals {
  readonly createdMs: number | null;
  readonly lastActiveMs: number | null;
  readonly sessions: number | null;
  readonly spentMs: number | null;
}

/** A caller has overridden lifetime counters and totals: what they hold from now on. */
export interface OverriddenLine extends LineBase {
  readonly kind: 'overridden';
  readonly events: readonly CounterRow[];
  readonly states: readonly CounterRow[];
  readonly totals: Totals;
}

/** A tracked event. */
export interface EventLine extends LineBase {
  readonly kind: 'event';
  readonly name: string;
  readonly value: number | null;
  readonly info: string | null;
  readonly params: JsonObject;
  readonly device: IdentityId | null;
  /** The state of the session in which it happened. */
  readonly state: StateId | null;
  /** Done to the user, not by him: no activity of the session. */
  readonly passive: boolean;
  /** True when a client gave `timeSec`, so that an exact repeat can be recognised (design D7). */
  readonly stamped: boolean;
}

/** An event as stored: every change of state is a line, and a profile is the fold of its lines. */
export type Line =
  | CreatedLine
  | IdentityAttachedLine
  | IdentityDetachedLine
  | IdentityUsedLine
  | IdentityHandedOnLine
  | MergedLine
  | MergedIntoLine
  | ErasedLine
  | UnblockedLine
  | SessionOpenedLine
  | SessionContinuedLine
  | SessionPausedLine
  | SessionResumedLine
  | SessionEndedLine
  | StateEnteredLine
  | StateLeftLine
  | StatePausedLine
  | TimePassedLine
  | AttributesLine
  | FactsLine
  | OverriddenLine
  | EventLine;

/**
 * A line as JSON text. Written by hand because it runs for every item: a third faster than JSON.stringify of the
 * object. Members that are null, false or empty are left out.
 */
export function writeLine(line: Line): string {
  let text = `{"v":1,"id":${line.id},"project":${line.project},"profile":${line.profile},"at":${line.atMs},"time":${line.timeSec},"kind":"${line.kind}"`;
  if (line.session !== null) text += `,"session":${line.session}`;
  switch (line.kind) {
    case 'event':
      text += `,"name":${JSON.stringify(line.name)}`;
      if (line.device !== null) text += `,"device":${line.device}`;
      if (line.state !== null) text += `,"state":${line.state}`;
      if (line.passive) text += ',"passive":true';
      if (line.stamped) text += ',"stamped":true';
      if (line.value !== null) text += `,"value":${line.value}`;
      if (line.info !== null) text += `,"info":${JSON.stringify(line.info)}`;
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'attributes':
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'facts':
      if (line.device !== null) text += `,"device":${line.device}`;
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'overridden': {
      const { events, states, totals } = line;
      return `${text},"events":${JSON.stringify(events)},"states":${JSON.stringify(states)},"totals":${JSON.stringify(totals)}}`;
    }
    case 'identity_attached':
      return `${text},"name":"${line.name}"}`;
    case 'identity_detached':
    case 'identity_used':
    case 'identity_handed_on':
      return `${text},"name":"${line.name}","identity":${line.identity}}`;
    case 'merged':
      return `${text},"part":${line.part},"same":${JSON.stringify(line.same)},"document":${line.document}}`;
    case 'merged_into':
      return `${text},"into":${line.into}}`;
    case 'erased':
      text += `,"scope":"${line.scope}"`;
      return line.document === null ? `${text}}` : `${text},"document":${line.document}}`;
    case 'session_opened': {
      const { events, states, sessions, spentSec } = line.prior;
      if (line.device !== null) text += `,"device":${line.device}`;
      if (line.background) text += ',"background":true';
      if (line.billed) text += ',"billed":true';
      return `${text},"prior":{"events":${events},"states":${states},"sessions":${sessions},"spent":${spentSec}}}`;
    }
    case 'session_resumed':
      return line.billed ? `${text},"billed":true}` : `${text}}`;
    case 'session_ended':
      return `${text},"spent":${line.spentSec}}`;
    case 'state_entered':
      text += `,"name":${JSON.stringify(line.name)}`;
      if (line.device !== null) text += `,"device":${line.device}`;
      if (line.info !== null) text += `,"info":${JSON.stringify(line.info)}`;
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'state_left':
      return `${text},"name":${JSON.stringify(line.name)},"state":${line.state},"spent":${line.spentSec}}`;
    case 'state_paused':
    case 'state_resumed':
      return `${text},"state":${line.state}}`;
    case 'created':
    case 'unblocked':
    case 'session_continued':
    case 'session_paused':
    case 'time_passed':
      return `${text}}`;
  }
}
