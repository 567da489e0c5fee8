import type { JsonObject } from '../lib/json.ts';
import type { IdentityId, StateId } from './ids.ts';
import type { LineBase } from './line-base.ts';

/* What is said about sessions, their states, and the passing of time. */

/** The line's own id is the session's id from then on. */
export interface SessionOpenedLine extends LineBase {
  readonly kind: 'session_opened';
  readonly device: IdentityId | null;
  /** The app was started in the background: the session counts when it is resumed. */
  readonly background: boolean;
  /** It begins a billing session (Leanplum contract 3.4). */
  readonly billed: boolean;
  readonly prior: PriorCounts;
}

/** What the profile had counted in its life before a session. */
export interface PriorCounts {
  readonly events: number;
  readonly states: number;
  readonly sessions: number;
  /** Seconds in the app. */
  readonly spentSec: number;
}

/** Activity of `session` and nothing else: a sign of life, a pause of nothing. */
export interface SessionContinuedLine extends LineBase {
  readonly kind: 'session_continued';
}

/** `session` and its state stand still from `timeSec` on. */
export interface SessionPausedLine extends LineBase {
  readonly kind: 'session_paused';
}

/** `session` and its state run again; one of the background counts from now on. */
export interface SessionResumedLine extends LineBase {
  readonly kind: 'session_resumed';
  readonly billed: boolean;
}

/** `session` has ended at `timeSec`. */
export interface SessionEndedLine extends LineBase {
  readonly kind: 'session_ended';
  /** How long it was active, without its pauses, seconds. */
  readonly spentSec: number;
}

/** A state begins; the line's own id is that of this visit. Without a session it is counted and has no duration. */
export interface StateEnteredLine extends LineBase {
  readonly kind: 'state_entered';
  readonly name: string;
  readonly info: string | null;
  readonly params: JsonObject;
  readonly device: IdentityId | null;
}

export interface StateLeftLine extends LineBase {
  readonly kind: 'state_left';
  readonly state: StateId;
  readonly name: string;
  /** How long it ran, seconds. */
  readonly spentSec: number;
}

/** The clock of a state was stopped, or runs again, while its session goes on. */
export interface StatePausedLine extends LineBase {
  readonly kind: 'state_paused' | 'state_resumed';
  readonly state: StateId;
}

/** A timer was due and no session has ended: the next one is set. */
export interface TimePassedLine extends LineBase {
  readonly kind: 'time_passed';
}
