import { findIdentity, hasIdentityOf, type IdentityKind, type Profile } from './profile.ts';

/** An external id by which a command names its user. */
export interface NamedIdentity {
  readonly kind: IdentityKind;
  readonly value: string;
  /** Give this id to the user when nobody has it yet. False: it only helps to find the user. */
  readonly attach: boolean;
}

export interface Target {
  /** The profile that is meant; undefined: nobody is, so it would have to be created. */
  readonly profile: Profile | undefined;
  /** The ids which that profile gets. */
  readonly attach: readonly NamedIdentity[];
}

/**
 * Whom a command means (design D9). `found[i]` is the profile that `ids[i]` names now.
 *
 * 1. A known hard id decides; other ids that name somebody else are left alone.
 * 2. An unknown hard id may be given to a profile without one that a soft id names (an anonymous user who now has a
 *    name); a profile with another hard id is somebody else, and the hard id's user is new.
 * 3. Without a hard id the soft ids decide; if they name several profiles, the one created first.
 *
 * Ids that nobody has yet are attached; nothing ever moves here.
 */
export function chooseTarget(ids: readonly NamedIdentity[], found: readonly (Profile | undefined)[]): Target {
  const profile = chooseProfile(ids, found);
  let attach: NamedIdentity[] | undefined;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    if (!id.attach || found[i] !== undefined) continue;
    if (profile !== undefined && isDeviceNameOf(profile, id)) continue;
    attach ??= [];
    attach.push(id);
  }
  return { profile, attach: attach ?? nothing };
}

const nothing: readonly NamedIdentity[] = [];

/** An anonymous Leanplum user goes by his device's id, also as `userId`: that is not a hard id. */
function isDeviceNameOf(profile: Profile, id: NamedIdentity): boolean {
  return id.kind === 'user' && findIdentity(profile, 'device', id.value) !== undefined;
}

function chooseProfile(
  ids: readonly NamedIdentity[],
  found: readonly (Profile | undefined)[],
): Profile | undefined {
  let hardIsNew = false;
  let oldestBySoft: Profile | undefined;
  let oldestAnonymous: Profile | undefined;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as NamedIdentity;
    const profile = found[i];
    if (id.kind === 'user') {
      if (profile !== undefined) return profile;
      hardIsNew ||= id.attach;
    } else if (profile !== undefined) {
      oldestBySoft = older(oldestBySoft, profile);
      if (!hasIdentityOf(profile, 'user')) oldestAnonymous = older(oldestAnonymous, profile);
    }
  }
  return hardIsNew ? oldestAnonymous : oldestBySoft;
}

function older(a: Profile | undefined, b: Profile): Profile {
  return a === undefined || b.id < a.id ? b : a;
}
