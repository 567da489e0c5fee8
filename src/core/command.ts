import type { Json, JsonObject } from '../lib/json.ts';
import type { AttributeEdit } from './attribute-edits.ts';
import type { NamedIdentity } from './identity.ts';
import type { ProfileId } from './ids.ts';
import type { ErasureScope, Totals } from './line.ts';

interface CommandBase {
  /** The ids by which the caller names the user, at least one; none where a command names the profile itself. */
  readonly ids: readonly NamedIdentity[];
  /** Whether a user nobody knows is created. */
  readonly create: boolean;
  /** Which profiles that `ids` name become one; left out: none. */
  readonly merge?: Merging;
}

/**
 * Who survives a merge. `oldest`: all that are named and have no different hard ids become one, the profile created
 * first (Bloomreach contract 2.6). `named`: the anonymous user of the device becomes the user who is named (Leanplum
 * contract 7.2, "login").
 */
export type Merging = 'oldest' | 'named';

/** Opens a session, on the device among `ids` if there is one. */
export interface OpenSession extends CommandBase {
  readonly kind: 'open_session';
  /** Go on with a session of this user that is open, instead of ending it and opening another. */
  readonly continueOpen: boolean;
  /** The app was started in the background: the session counts when it is resumed. */
  readonly background: boolean;
  /** Set in the session that is open then; the last to arrive wins. */
  readonly attributes: Entries;
  readonly facts: Entries;
  readonly devices: readonly DeviceFacts[];
  readonly timeSec: number | null;
}

/** Steers the session a user has open, or the state it is in; a resume opens one when none is. */
export interface SteerSession extends CommandBase {
  readonly kind: 'steer_session';
  readonly action: 'stop' | 'pause' | 'resume' | 'heartbeat' | 'leave_state' | 'pause_state' | 'resume_state';
  readonly timeSec: number | null;
}

/** Leaves the current state of the session and enters another; outside of a session it is counted and kept. */
export interface EnterState extends CommandBase {
  readonly kind: 'enter_state';
  readonly name: string;
  readonly info: string | null;
  readonly params: JsonObject;
  readonly timeSec: number | null;
  /** How many states its session may have; left out: any number. */
  readonly sessionMax?: number;
}

/** A timer of this profile is due: time has passed, whoever it is. */
export interface PassTime extends CommandBase {
  readonly kind: 'pass_time';
  readonly profile: ProfileId;
  /** The timer that is due; when the profile has set another meanwhile, nothing happens. */
  readonly dueMs: number;
}

/** Records an event. */
export interface Track extends CommandBase {
  readonly kind: 'track';
  readonly name: string;
  readonly value: number | null;
  readonly info: string | null;
  readonly params: JsonObject;
  /** When it happened, Unix seconds; null = when it is applied. */
  readonly timeSec: number | null;
  /**
   * `passive`: done to the user, not by him; no activity. `require_active`: only inside an active session. Left out: an
   * activity of the user, in his session or outside of any (Leanplum contract 2.2 `track`).
   */
  readonly disposition?: 'passive' | 'require_active';
  /** The client gave an absolute time: an exact repeat is the same event (Bloomreach contract 2.3). */
  readonly stamped: boolean;
  /** How many events its session may have; left out: any number. */
  readonly sessionMax?: number;
}

/** Sets attributes; a null value clears. */
export interface SetAttributes extends CommandBase {
  readonly kind: 'set_attributes';
  readonly attributes: readonly (readonly [name: string, value: Json])[];
  /** When they were set, Unix seconds; null = when it is applied. Never later than that. */
  readonly timeSec: number | null;
  /** True: a value set later than this one stays (Bloomreach). False: the last to arrive wins (Leanplum). */
  readonly keepNewer: boolean;
}

export type Entries = SetAttributes['attributes'];

/** What is known about one of the user's devices, by its external id. */
export interface DeviceFacts {
  readonly device: string;
  readonly facts: Entries;
}

/** A lifetime counter set (`count`, `value`, times) or moved (`…By`); null leaves it as it is. */
export interface CounterOverride {
  readonly name: string;
  readonly count: number | null;
  readonly countBy: number | null;
  readonly value: number | null;
  readonly valueBy: number | null;
  readonly firstSec: number | null;
  readonly lastSec: number | null;
}

/** Sets, edits and overrides what a caller may change of a profile beside its ids. */
export interface UpdateProfile extends CommandBase {
  readonly kind: 'update_profile';
  readonly attributes: Entries;
  readonly edits: readonly AttributeEdit[];
  /** What is known about the user beside his attributes: where he is, what he opted out of. */
  readonly facts: Entries;
  readonly factEdits: readonly AttributeEdit[];
  readonly devices: readonly DeviceFacts[];
  readonly counters: {
    readonly events: readonly CounterOverride[];
    readonly states: readonly CounterOverride[];
  };
  readonly totals: Totals;
  readonly timeSec: number | null;
}

/** Erases a user: nobody is him any more, and whoever comes with his ids next is new (design D15). */
export interface EraseUser extends CommandBase {
  readonly kind: 'erase_user';
  readonly scope: ErasureScope;
}

/** Takes away a user's ids and some attributes, and what is known about him and his devices; what he did stays. */
export interface AnonymizeUser extends CommandBase {
  readonly kind: 'anonymize_user';
  readonly attributes: ReadonlySet<string>;
  /** The fresh cookie by which he goes from now on. */
  readonly cookie: string;
}

/** Erases everything about a user but his ids, and keeps nothing about him until he is unblocked. */
export interface BlockUser extends CommandBase {
  readonly kind: 'block_user';
}

export interface UnblockUser extends CommandBase {
  readonly kind: 'unblock_user';
}

/** Reads the profile as it is at this place in the order. */
export interface ReadProfile extends CommandBase {
  readonly kind: 'read_profile';
}

/** The same by the profile's internal id: operators meet it in lines. */
export interface ReadKnownProfile extends CommandBase {
  readonly kind: 'read_profile';
  readonly profile: ProfileId;
}

/** Asks whether the user exists, and changes nothing. */
export interface FindUser extends CommandBase {
  readonly kind: 'find_user';
}

/** What an action asks of the core. */
export type Command =
  | OpenSession
  | SteerSession
  | EnterState
  | PassTime
  | Track
  | SetAttributes
  | UpdateProfile
  | EraseUser
  | AnonymizeUser
  | BlockUser
  | UnblockUser
  | ReadProfile
  | ReadKnownProfile
  | FindUser;

/** Whether a command changes nothing, whatever it finds. */
export function isRead(command: Command): command is ReadProfile | ReadKnownProfile | FindUser {
  return command.kind === 'read_profile' || command.kind === 'find_user';
}
