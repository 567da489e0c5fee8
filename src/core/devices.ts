import type { Change } from './change.ts';
import { takeStep } from './commands/steer-session.ts';
import type { NamedIdentity, Taken } from './identity.ts';
import type { IdentityId } from './ids.ts';
import { findIdentity, isKeptByUse, type Profile } from './profile.ts';
import { deviceOf, passTime, sessionOf } from './session.ts';
import { makeRoom } from './soft-ids.ts';

/**
 * Gives the profile soft ids that name somebody else. A device is handed on: the other one keeps it in his list, and his
 * session on it ends (design D9). Any other one is stolen: the other one loses it, what he did stays his (Bloomreach
 * contract 2.6, rule 3).
 */
export function takeOver(change: Change, taken: readonly Taken[], happenedMs: number): void {
  for (const { id, from } of taken) {
    const { kind, value } = id;
    const identity = findIdentity(from, kind, value);
    if (identity === undefined) continue;
    const other = change.beside(from);
    if (kind === 'device') {
      endSessionOf(other, happenedMs, () => identity.id);
      other.handOn(identity);
    } else other.detach(identity);
    const own = findIdentity(change.profile, kind, value);
    if (own !== undefined) change.takeBack(own);
    else {
      if (isKeptByUse(kind)) makeRoom(change, kind, 1);
      change.attach(kind, value);
    }
  }
}

/**
 * A user with an id gives way to another one (Leanplum contract 7.2, "switch"): his current session ends. True: there
 * was one, so that one of the other user begins.
 */
export function leaveUser(
  change: Change,
  leaves: Profile,
  { ids, happenedMs }: { ids: readonly NamedIdentity[]; happenedMs: number },
): boolean {
  return endSessionOf(change.beside(leaves), happenedMs, (profile) => deviceOf(profile, ids));
}

/** Ends the session that somebody has on a device; null: the one that he would be meant to be in without one. */
function endSessionOf(
  other: Change,
  happenedMs: number,
  deviceIn: (profile: Profile) => IdentityId | null,
): boolean {
  passTime(other, happenedMs);
  const device = deviceIn(other.profile);
  const session = sessionOf(other.profile, device);
  if (session === undefined) return false;
  takeStep(other, session, { action: 'stop', device, atMs: happenedMs });
  return true;
}
