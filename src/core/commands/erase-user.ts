import type { Change } from '../change.ts';
import type { AnonymizeUser, BlockUser, EraseUser } from '../command.ts';
import type { NamedIdentity } from '../identity.ts';
import { applied, idNeeded, type Outcome } from '../outcome.ts';
import { newProfile, type Profile, userOf } from '../profile.ts';
import { copyProfile } from '../profile-document.ts';
import { endSession } from '../session.ts';

/** Erases a user (Leanplum contract 2.4 `deleteUser`): the profile and all ids that name it go in the same commit. */
export function eraseUser(change: Change, { scope, ids }: EraseUser): Outcome {
  if (!isNamed(change.profile, ids)) return idNeeded;
  change.erase(scope, undefined);
  return applied;
}

/** Keeps what a customer did and forgets who he is (Bloomreach contract 4.5). */
export function anonymizeUser(change: Change, { attributes, cookie }: AnonymizeUser): Outcome {
  // Without devices there can be one session only.
  const [, ...older] = change.profile.sessions.toSorted((a, b) => b.lastActiveMs - a.lastActiveMs);
  for (const session of older) endSession(change, session, session.lastActiveMs);
  const after = copyProfile(change.profile);
  after.identities.splice(0);
  after.facts.clear();
  after.devices.clear();
  for (const name of attributes) after.attributes.delete(name);
  after.sessions = after.sessions.map((it) => ({ ...it, device: null }));
  after.pauses = [];
  change.erase('personal', after);
  change.attach('cookie', cookie);
  return applied;
}

/** Erases everything but the ids, by which the user is known as blocked (Leanplum contract 2.4 `block`). */
export function blockUser(change: Change, { ids }: BlockUser): Outcome {
  const { profile } = change;
  if (!isNamed(profile, ids)) return idNeeded;
  if (profile.blocked) return applied;
  const after = newProfile(profile.id, profile.project, profile.createdMs);
  after.identities.push(...profile.identities);
  after.blocked = true;
  change.erase('all', after);
  return applied;
}

/** A device names only somebody who never logged in: a user with an id has to be named by it (Leanplum contract 2.4). */
function isNamed(profile: Profile, ids: readonly NamedIdentity[]): boolean {
  const user = userOf(profile);
  return user === undefined || ids.some(({ kind, value }) => kind === 'user' && value === user);
}

/** Restores nothing; from now on things are kept about the user again. A user who is not blocked stays as he is. */
export function unblockUser(change: Change): Outcome {
  if (change.profile.blocked) change.say({ kind: 'unblocked', timeSec: change.nowSec, session: null });
  return applied;
}
