import type { Json, JsonObject } from '../lib/json.ts';
import type { NamedIdentity } from './identity.ts';
import type { ProfileId } from './ids.ts';

interface CommandBase {
  /** The ids by which the caller names the user, at least one; none where `ReadProfile` names the profile itself. */
  readonly ids: readonly NamedIdentity[];
  /** Whether a user nobody knows is created. */
  readonly create: boolean;
}

/** Opens a session, on the device among `ids` if there is one. */
export interface OpenSession extends CommandBase {
  readonly kind: 'open_session';
  /** Go on with a session of this user that is open, instead of ending it and opening another. */
  readonly continueOpen: boolean;
  /** Set in the session that is open then; the last to arrive wins. */
  readonly attributes: SetAttributes['attributes'];
  readonly timeSec: number | null;
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
  /** The client gave an absolute time: an exact repeat is the same event (Bloomreach contract 2.3). */
  readonly stamped: boolean;
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

/** Reads the profile as it is at this place in the order. */
export interface ReadProfile extends CommandBase {
  readonly kind: 'read_profile';
  /** The profile's internal id, instead of `ids`: operators meet it in lines and logs. */
  readonly profile?: ProfileId;
}

/** What an action asks of the core. */
export type Command = OpenSession | Track | SetAttributes | ReadProfile;
