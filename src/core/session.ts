import type { Change } from './change.ts';
import type { NamedIdentity } from './identity.ts';
import type { IdentityId, SessionId } from './ids.ts';
import { findIdentity, type Profile, type Session } from './profile.ts';
import {
  type Phase,
  type Place,
  type Recorded,
  recordPlaces,
  sessionSteps,
  timeoutsMs,
} from './session-table.ts';

/**
 * Lets time pass for a profile up to something that happened at `happenedMs` and is applied now: sessions that timed
 * out have ended, at the time of their last activity, not at the time it was noticed (Leanplum contract 3.1).
 *
 * Two clocks decide. By the clock of the actions, what happened later than a timeout allows is not in the session any
 * more; by the server's, a session that nobody was heard of for that long is over. So a phone that sends hours later
 * what it has stored gets the sessions that its user had.
 */
export function passTime(change: Change, happenedMs: number): void {
  if (change.profile.sessions.length === 0) return;
  const { nowMs } = change;
  for (const session of [...change.profile.sessions]) {
    const timeoutMs = timeoutsMs[session.phase];
    if (session.lastActiveMs + timeoutMs >= happenedMs && session.heardMs + timeoutMs >= nowMs) continue;
    if (sessionSteps[session.phase].time_out === 'expire') endSession(change, session, session.lastActiveMs);
  }
}

/** Ends a session and the state it is in. */
export function endSession(change: Change, session: Session, atMs: number): void {
  leaveState(change, session, atMs);
  change.say({
    kind: 'session_ended',
    session: session.id,
    timeSec: atMs / 1000,
    spentSec: (session.spentMs + activeMs(session, atMs)) / 1000,
  });
}

/** Leaves the state the session is in, if it is in one. */
export function leaveState(change: Change, session: Session, atMs: number): void {
  const { state } = session;
  if (state === null) return;
  const ranMs = state.running ? activeMs(session, atMs) : 0;
  change.say({
    kind: 'state_left',
    session: session.id,
    state: state.id,
    name: state.name,
    timeSec: atMs / 1000,
    spentSec: (state.spentMs + ranMs) / 1000,
  });
}

/** Active time between the session's last activity and `atMs`. */
export function activeMs(session: Session, atMs: number): number {
  return session.phase === 'active' ? Math.max(0, atMs - session.lastActiveMs) : 0;
}

/** The internal id of the device that a command names as the one in use, if it names one this profile has. */
export function deviceOf(profile: Profile, ids: readonly NamedIdentity[]): IdentityId | null {
  for (const id of ids) {
    if (id.kind === 'device' && id.attach && id.told !== true)
      return findIdentity(profile, 'device', id.value)?.id ?? null;
  }
  return null;
}

/**
 * The open session something belongs to: the one on the named device. Without a device the server infers it (Leanplum
 * contract 3.1): the most recently active session, one that runs before one that does not (`waiting`: the other way
 * round, for what wakes a session up).
 */
export function sessionOf(
  profile: Profile,
  device: IdentityId | null,
  options: { waiting: boolean } = { waiting: false },
): Session | undefined {
  const { sessions } = profile;
  if (sessions.length === 0) return undefined;
  if (device !== null) return sessions.find((it) => it.device === device);
  const preferred = sessions.filter((it) => (it.phase !== 'active') === options.waiting);
  return (preferred.length === 0 ? sessions : preferred).reduce((a, b) =>
    b.lastActiveMs > a.lastActiveMs ? b : a,
  );
}

/** The session in which a user is changed, which is activity in it; null: outside of any (Leanplum contract 3.1). */
export function changedIn(profile: Profile, ids: readonly NamedIdentity[]): SessionId | null {
  if (profile.sessions.length === 0) return null;
  const session = sessionOf(profile, deviceOf(profile, ids));
  return session !== undefined && placeOf(session, 'change') === 'inside' ? session.id : null;
}

export function phaseOf(session: Session | undefined): Phase {
  return session?.phase ?? 'ended';
}

export function placeOf(session: Session | undefined, what: Recorded): Place {
  return recordPlaces[phaseOf(session)][what];
}
