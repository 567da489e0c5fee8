import type { Change } from '../change.ts';
import type { AnonymizeUser, BlockUser, EraseUser } from '../command.ts';
import { applied, idNeeded, type Outcome } from '../outcome.ts';
import { hasIdentityOf, newProfile } from '../profile.ts';
import { copyProfile } from '../profile-document.ts';

/** Erases a user (Leanplum contract 2.4 `deleteUser`): the profile and all ids that name it go in the same commit. */
export function eraseUser(change: Change, { scope, onlyAnonymous }: EraseUser): Outcome {
  if (onlyAnonymous && hasIdentityOf(change.profile, 'user')) return idNeeded;
  change.erase(scope, undefined);
  return applied;
}

/** Keeps what a customer did and forgets who he is (Bloomreach contract 4.5). */
export function anonymizeUser(change: Change, { attributes, cookie }: AnonymizeUser): Outcome {
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
export function blockUser(change: Change, { onlyAnonymous }: BlockUser): Outcome {
  const { profile } = change;
  if (onlyAnonymous && hasIdentityOf(profile, 'user')) return idNeeded;
  if (profile.blocked) return applied;
  const after = newProfile(profile.id, profile.project, profile.createdMs);
  after.identities.push(...profile.identities);
  after.blocked = true;
  change.erase('all', after);
  return applied;
}

/** Restores nothing; from now on things are kept about the user again. A user who is not blocked stays as he is. */
export function unblockUser(change: Change): Outcome {
  if (change.profile.blocked) change.say({ kind: 'unblocked', timeSec: change.nowSec, session: null });
  return applied;
}
