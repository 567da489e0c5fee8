import type { Merging } from './command.ts';
import { findIdentity, hasIdentityOf, type IdentityKind, type Profile, userOf } from './profile.ts';

/** An external id by which a command names its user. */
export interface NamedIdentity {
  readonly kind: IdentityKind;
  readonly value: string;
  /** Give this id to the user when nobody has it yet. False: it only helps to find the user. */
  readonly attach: boolean;
  /** A device of which something is said; where the user is, it does not say. */
  readonly told?: true;
  /** Of the last id only: whom the user that the others name becomes (Leanplum contract 7.2). */
  readonly becomes?: true;
}

/** An id that names somebody else and shall name the target. */
export interface Taken {
  readonly id: NamedIdentity;
  readonly from: Profile;
}

export interface Target {
  /** The profile that is meant; undefined: nobody is, so it would have to be created. */
  readonly profile: Profile | undefined;
  /** The ids which that profile gets. */
  readonly attach: readonly NamedIdentity[];
  /** Profiles that become part of it. */
  readonly absorb: readonly Profile[];
  readonly take: readonly Taken[];
  /** The user with an id who gives way to the target. */
  readonly leaves: Profile | undefined;
}

const none: readonly never[] = [];

/**
 * Whom a command means (design D9), and what becomes of everybody else it names. `found[i]` is the profile that `ids[i]`
 * names now. With `oldest` see `chooseOldest`; otherwise:
 *
 * 1. A known hard id decides.
 * 2. An unknown hard id may be given to a profile without one that a soft id names (an anonymous user who now has a
 *    name); a profile with another hard id is somebody else, and the hard id's user is new.
 * 3. Without a hard id the soft ids decide; if they name several profiles, the one created first.
 * 4. A device that the hard id's user is named with is his from now on: handed on by another user with a name; with
 *    `named` an anonymous one becomes part of him. Every other id that names somebody else is left alone.
 *
 * Ids that nobody has yet are attached.
 */
export function chooseTarget(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
  merge?: Merging,
): Target {
  if (ids.at(-1)?.becomes) return chooseNext(ids, found);
  return merge === 'oldest' ? chooseOldest(ids, found) : choose(ids, found, merge);
}

function choose(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
  merge: Merging | undefined,
): Target {
  const profile = chooseProfile(ids, found);
  // Mostly nothing changes hands, so a list is made when there is something to put in it.
  let attach: readonly NamedIdentity[] = none;
  let absorb: readonly Profile[] = none;
  let take: readonly Taken[] = none;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const holder = found[i];
    if (!id.attach) continue;
    if (holder === undefined) {
      if (profile === undefined || !isDeviceNameOf(profile, id)) attach = [...attach, id];
    } else if (holder !== profile && id.kind === 'device' && namesUser(ids)) {
      if (hasIdentityOf(holder, 'user')) take = [...take, { id, from: holder }];
      else if (merge === 'named' && !absorb.includes(holder)) absorb = [...absorb, holder];
    }
  }
  return { profile, attach, absorb, take, leaves: undefined };
}

/**
 * The rules of Bloomreach (contract 2.6): profiles with different hard ids are never merged; all others that are named
 * become the one created first. Of those who clash with the hard id that is named (without one: with that of the oldest
 * user) the soft ids are taken.
 */
function chooseOldest(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]): Target {
  const name = ids.find((id) => id.kind === 'user')?.value ?? nameOfOldest(found);
  const isSame = (holder: Profile) => (userOf(holder) ?? name) === name;
  let profile: Profile | undefined;
  for (const holder of found) {
    if (holder !== undefined && holder !== profile && isSame(holder)) profile = older(profile, holder);
  }
  let attach: readonly NamedIdentity[] = none;
  let absorb: readonly Profile[] = none;
  let take: readonly Taken[] = none;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const holder = found[i];
    if (holder === profile && holder !== undefined) continue;
    if (holder === undefined) {
      if (id.attach) attach = [...attach, id];
    } else if (!isSame(holder)) take = [...take, { id, from: holder }];
    else if (!absorb.includes(holder)) absorb = [...absorb, holder];
  }
  return { profile, attach, absorb, take, leaves: undefined };
}

function nameOfOldest(found: readonly (Profile | undefined)[]): string | undefined {
  let oldest: Profile | undefined;
  for (const holder of found) {
    if (holder !== undefined && hasIdentityOf(holder, 'user')) oldest = older(oldest, holder);
  }
  return oldest && userOf(oldest);
}

/**
 * A user becomes another one (Leanplum contract 7.2). An anonymous one is merged into the other (login), or gets the id
 * when nobody has it (register). One with an id gives way (switch): the device he is named with is the other's.
 */
function chooseNext(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]): Target {
  const next = ids.at(-1) as NamedIdentity;
  const [nowIds, nowFound] = [ids.slice(0, -1), found.slice(0, -1)];
  const now = choose(nowIds, nowFound, undefined);
  const current = now.profile;
  const target = found.at(-1);
  if (current !== undefined && current === target) return now;
  const leaves = current !== undefined && hasIdentityOf(current, 'user') ? current : undefined;
  // Helpers only say who is leaving.
  const rest = nowIds.flatMap((id, i) =>
    id.kind !== 'user' && (id.attach || leaves === undefined) ? [[id, nowFound[i]] as const] : [],
  );
  const chosen = choose([next, ...rest.map(([id]) => id)], [target, ...rest.map(([, it]) => it)], 'named');
  const isLogin =
    current !== undefined &&
    leaves === undefined &&
    current !== chosen.profile &&
    !chosen.absorb.includes(current);
  return { ...chosen, absorb: isLogin ? [...chosen.absorb, current] : chosen.absorb, leaves };
}

function namesUser(ids: readonly NamedIdentity[]): boolean {
  return ids.some((id) => id.kind === 'user' && id.attach);
}

/** An anonymous Leanplum user goes by his device's id, also as `userId`: that is not a hard id. */
function isDeviceNameOf(profile: Profile, id: NamedIdentity): boolean {
  return id.kind === 'user' && findIdentity(profile, 'device', id.value) !== undefined;
}

function chooseProfile(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
): Profile | undefined {
  let newName: string | undefined;
  let oldestBySoft: Profile | undefined;
  let oldestAnonymous: Profile | undefined;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const profile = found[i];
    if (id.kind === 'user') {
      if (profile !== undefined) return profile;
      if (id.attach) newName = id.value;
    } else if (profile !== undefined) {
      oldestBySoft = older(oldestBySoft, profile);
      if (!hasIdentityOf(profile, 'user')) oldestAnonymous = older(oldestAnonymous, profile);
    }
  }
  if (newName === undefined) return oldestBySoft;
  // Who still goes by the name of an anonymous user means whom that one has become (Leanplum contract 7.3).
  const byDevice = ids.findIndex((id) => !id.attach && id.kind === 'device' && id.value === newName);
  return found[byDevice] ?? oldestAnonymous;
}

function older(a: Profile | undefined, b: Profile): Profile {
  if (a === undefined) return b;
  return b.createdMs < a.createdMs || (b.createdMs === a.createdMs && b.id < a.id) ? b : a;
}
