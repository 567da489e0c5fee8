import type { Merging } from './command.ts';
import { findIdentity, hardIdOf, hasIdentityOf, type IdentityKind, isHard, type Profile } from './profile.ts';

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
 * names now; of several hard ids the earlier one counts more. With `oldest` see `chooseOldest`; otherwise:
 *
 * 1. A known hard id decides.
 * 2. An unknown hard id may be given to a profile without one of its type that a soft id names (an anonymous user who now
 *    has a name); a profile with another one is somebody else, and the hard id's user is new.
 * 3. Without a hard id the soft ids decide; if they name several profiles, the one created first.
 * 4. A device that the hard id's user is named with is his from now on: handed on by another user with a name; with
 *    `named` an anonymous one becomes part of him, unless they have different hard ids of one type. Every other id that
 *    names somebody else is left alone.
 *
 * Ids that nobody has yet are attached; not a hard id of a type of which the profile has another one.
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
      if (profile === undefined || mayGet(profile, id)) attach = [...attach, id];
    } else if (holder !== profile && id.kind === 'device' && namesUser(ids)) {
      if (hasIdentityOf(holder, 'user')) take = [...take, { id, from: holder }];
      else if (merge === 'named' && !absorb.includes(holder)) {
        const given = ids.filter((it, index) => it.attach && found[index] === undefined);
        if (profile !== undefined && agrees(holder, [profile, ...absorb], given))
          absorb = [...absorb, holder];
        else take = [...take, { id, from: holder }];
      }
    }
  }
  return { profile, attach, absorb, take, leaves: undefined };
}

/**
 * The rules of Bloomreach (contract 2.6): profiles with different hard ids of one type are never merged; all others that are
 * named become the one created first. Whom the first hard id names is meant, then those who agree with him (see
 * `gather`). Of everybody else the soft ids are taken; a hard id stays with whom it names, and one that nobody has goes to
 * nobody who has another.
 */
function chooseOldest(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]): Target {
  const { same, given } = gather(ids, found);
  let profile: Profile | undefined;
  for (const it of same) profile = older(profile, it);
  let attach: readonly NamedIdentity[] = none;
  let take: readonly Taken[] = none;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const holder = found[i];
    if (holder === undefined) {
      if (id.attach && (!isHard(id.kind) || given.includes(id))) attach = [...attach, id];
    } else if (!isHard(id.kind) && !same.includes(holder)) take = [...take, { id, from: holder }];
  }
  const absorb = same.length > 1 ? same.filter((it) => it !== profile) : none;
  return { profile, attach, absorb, take, leaves: undefined };
}

/**
 * Those who are meant together, and the hard ids that nobody has and who is meant gets: what the hard ids name in their
 * order, then whom the soft ids name, the one created first before the others. Each joins who has no other hard id of a type
 * than those before.
 */
function gather(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]) {
  let same: readonly Profile[] = none;
  let given: readonly NamedIdentity[] = none;
  let others: readonly Profile[] = none;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    if (!isHard(id.kind)) continue;
    const holder = found[i];
    if (holder !== undefined) {
      if (!same.includes(holder) && agrees(holder, same, given)) same = [...same, holder];
    } else if (id.attach && isFree(id.kind, same, given)) given = [...given, id];
  }
  for (let i = 0; i < ids.length; i++) {
    const holder = isHard((ids[i] as NamedIdentity).kind) ? undefined : found[i];
    if (holder === undefined || same.includes(holder) || others.includes(holder)) continue;
    others = [...others, holder];
  }
  if (others.length > 1) others = others.toSorted((a, b) => (older(a, b) === a ? -1 : 1));
  for (const other of others) if (agrees(other, same, given)) same = [...same, other];
  return { same, given };
}

/** Whether a profile has no other hard id of a type than these profiles and ids. */
function agrees(
  profile: Profile,
  others: readonly Profile[],
  given: readonly NamedIdentity[] = none,
): boolean {
  if (others.length + given.length === 0) return true;
  for (const { kind, value } of profile.identities) {
    if (!isHard(kind)) continue;
    if (given.some((id) => id.kind === kind && id.value !== value)) return false;
    if (others.some((it) => (hardIdOf(it, kind) ?? value) !== value)) return false;
  }
  return true;
}

function isFree(kind: IdentityKind, same: readonly Profile[], given: readonly NamedIdentity[]): boolean {
  return given.every((id) => id.kind !== kind) && same.every((it) => !hasIdentityOf(it, kind));
}

/**
 * A user becomes another one (Leanplum contract 7.2). An anonymous one is merged into the other (login), or gets the id
 * when nobody has it (register). One with an id gives way (switch): the device he is named with is the other's. So does an
 * anonymous one with another hard id of some type: those two are never one.
 */
function chooseNext(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]): Target {
  const next = ids.at(-1) as NamedIdentity;
  const [nowIds, nowFound] = [ids.slice(0, -1), found.slice(0, -1)];
  const now = choose(nowIds, nowFound, undefined);
  const current = now.profile;
  const target = found.at(-1);
  if (current !== undefined && current === target) return now;
  const leaves = current !== undefined && givesWay(current, target) ? current : undefined;
  // Helpers only say who is leaving.
  const rest = nowIds.flatMap((id, i) =>
    id.kind !== 'user' && (id.attach || leaves === undefined) ? [[id, nowFound[i]] as const] : [],
  );
  const chosen = choose([next, ...rest.map(([id]) => id)], [target, ...rest.map(([, it]) => it)], 'named');
  const isLogin =
    current !== undefined &&
    leaves === undefined &&
    current !== chosen.profile &&
    !chosen.absorb.includes(current) &&
    agrees(current, chosen.profile ? [chosen.profile, ...chosen.absorb] : chosen.absorb, chosen.attach);
  return { ...chosen, absorb: isLogin ? [...chosen.absorb, current] : chosen.absorb, leaves };
}

function givesWay(current: Profile, target: Profile | undefined): boolean {
  return hasIdentityOf(current, 'user') || (target !== undefined && !agrees(current, [target]));
}

function namesUser(ids: readonly NamedIdentity[]): boolean {
  return ids.some((id) => id.kind === 'user' && id.attach);
}

/**
 * Whether a profile may get an id that nobody has: of a hard kind only one. An anonymous Leanplum user goes by his
 * device's id, also as `userId`: that is not a hard id.
 */
function mayGet(profile: Profile, { kind, value }: NamedIdentity): boolean {
  if (!isHard(kind)) return true;
  if (hasIdentityOf(profile, kind)) return false;
  return kind !== 'user' || findIdentity(profile, 'device', value) === undefined;
}

function chooseProfile(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
): Profile | undefined {
  let given: readonly NamedIdentity[] = none;
  let oldestBySoft: Profile | undefined;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const profile = found[i];
    if (!isHard(id.kind)) {
      if (profile !== undefined) oldestBySoft = older(oldestBySoft, profile);
    } else if (profile === undefined) {
      if (id.attach) given = [...given, id];
    } else if (agrees(profile, none, given)) return profile;
  }
  if (given.length === 0) return oldestBySoft;
  // Who still goes by the name of an anonymous user means whom that one has become (Leanplum contract 7.3).
  const newName = given.find((id) => id.kind === 'user')?.value;
  const byDevice = ids.findIndex((id) => !id.attach && id.kind === 'device' && id.value === newName);
  return found[byDevice] ?? oldestOf(ids, found, given);
}

/** Of those whom soft ids name, the one created first who may get the hard ids `given`. */
function oldestOf(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
  given: readonly NamedIdentity[],
): Profile | undefined {
  let oldest: Profile | undefined;
  for (let i = 0; i < ids.length; i++) {
    const profile = isHard((ids[i] as NamedIdentity).kind) ? undefined : found[i];
    if (profile !== undefined && agrees(profile, none, given)) oldest = older(oldest, profile);
  }
  return oldest;
}

function older(a: Profile | undefined, b: Profile): Profile {
  if (a === undefined) return b;
  return b.createdMs < a.createdMs || (b.createdMs === a.createdMs && b.id < a.id) ? b : a;
}
