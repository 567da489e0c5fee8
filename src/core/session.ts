import type { Change } from './change.ts';
import type { NamedIdentity } from './identity.ts';
import type { IdentityId } from './ids.ts';
import { sessionTimeoutMs } from './limits.ts';
import { findIdentity, type Profile, type Session } from './profile.ts';

/**
 * Lets time pass for a profile: sessions without activity for two hours have ended, at the time of their last
 * activity, not at the time it was noticed (Leanplum contract 3.1).
 */
export function passTime(change: Change): void {
  if (change.profile.sessions.length === 0) return;
  const now = change.nowMs;
  for (const session of [...change.profile.sessions]) {
    if (session.lastActiveMs + sessionTimeoutMs < now) change.endSession(session.id, session.lastActiveMs);
  }
}

/** The internal id of the device that a command names, if it names one this profile has. */
export function deviceOf(profile: Profile, ids: readonly NamedIdentity[]): IdentityId | null {
  for (const id of ids) {
    if (id.kind === 'device' && id.attach) return findIdentity(profile, 'device', id.value)?.id ?? null;
  }
  return null;
}

/**
 * The open session something belongs to: the one on the named device; without a device the most recently active one,
 * because the server may infer the device (Leanplum contract 3.1).
 */
export function sessionOf(profile: Profile, device: IdentityId | null): Session | undefined {
  if (profile.sessions.length === 0) return undefined;
  if (device !== null) return profile.sessions.find((it) => it.device === device);
  return profile.sessions.reduce((a, b) => (b.lastActiveMs > a.lastActiveMs ? b : a));
}
