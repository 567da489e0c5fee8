import { weighJson } from '../lib/json.ts';
import { joinCounters } from './counter.ts';
import { joinFingerprints } from './fingerprint.ts';
import type { IdentityId } from './ids.ts';
import { pausesMax } from './limits.ts';
import type { MergedLine } from './line.ts';
import { emptyProfileSize, type Identity, type Pause, type Profile } from './profile.ts';
import { readProfile } from './profile-document.ts';

/**
 * The part of `evolve` that is about merging (Leanplum contract 7.3, Bloomreach contract 2.6): the part's counters are
 * added, its times widen the profile's, of each attribute the one set last stays, ids, devices and open sessions unite.
 * What may not be there twice the rule has ended or named before (`mergeInto`).
 */
export function evolveMerge(
  profile: Profile,
  line: MergedLine,
  identityValue: (id: IdentityId) => string,
): void {
  const part = readProfile(line.document);
  profile.createdMs = Math.min(profile.createdMs, part.createdMs);
  profile.updatedMs = Math.max(profile.updatedMs, part.updatedMs);
  if (part.lastActiveMs !== null) {
    profile.lastActiveMs = Math.max(profile.lastActiveMs ?? part.lastActiveMs, part.lastActiveMs);
  }
  profile.totalSessions += part.totalSessions;
  profile.timeSpentMs += part.timeSpentMs;
  profile.newestStampSec = Math.max(profile.newestStampSec, part.newestStampSec);
  profile.fingerprints = joinFingerprints(profile.fingerprints, part.fingerprints);
  profile.parts.push(...part.parts, part.id);
  profile.size += part.size - emptyProfileSize;
  for (const [own, others] of [
    [profile.counters, part.counters],
    [profile.states, part.states],
  ] as const) {
    for (const name of joinCounters(own, others)) profile.size -= name.length + 64;
  }
  joinAttributes(profile, part);
  joinIdentities(profile, part, line, identityValue);
  joinSessions(profile, part, new Map(line.same));
}

/** Of two set at the same time the profile's own stays. */
function joinAttributes(profile: Profile, part: Profile): void {
  const { attributes } = profile;
  for (const attribute of part.attributes.values()) {
    const [name, value, setSec] = attribute;
    const own = attributes.get(name);
    if (own !== undefined) profile.size -= name.length + 24 + weighJson(setSec > own[2] ? own[1] : value);
    if (own === undefined || setSec > own[2]) attributes.set(name, attribute);
  }
  profile.texts.attributes = undefined;
}

/** The part's ids count as used before the profile's own, since nothing says when they were. */
function joinIdentities(
  profile: Profile,
  part: Profile,
  { same }: MergedLine,
  identityValue: (id: IdentityId) => string,
): void {
  const ownOf = new Map(same);
  const joined: Identity[] = [];
  for (const { id, kind, away } of part.identities) {
    const own = ownOf.get(id);
    if (own === undefined) {
      const value = identityValue(id);
      profile.size += value.length;
      joined.push({ id, kind, value, ...(away && { away }) });
    } else if (!away) {
      // Only one of two can be the current one, and now that is the profile's.
      const index = profile.identities.findIndex((it) => it.id === own);
      const [{ kind, value } = { kind: 'device' as const, value: '' }] = profile.identities.splice(index, 1);
      profile.identities.push({ id: own, kind, value });
    }
  }
  profile.identities.unshift(...joined);
  profile.texts.identities = undefined;
}

function joinSessions(profile: Profile, part: Profile, ownOf: ReadonlyMap<IdentityId, IdentityId>): void {
  const here = (device: IdentityId | null) => (device === null ? null : (ownOf.get(device) ?? device));
  for (const session of part.sessions) profile.sessions.push({ ...session, device: here(session.device) });
  if (part.pauses.length === 0) return;
  const newest = new Map<IdentityId | null, Pause>();
  for (const { device, atMs } of [...part.pauses, ...profile.pauses]) {
    const pause = { device: here(device), atMs };
    if (atMs >= (newest.get(pause.device)?.atMs ?? atMs)) newest.set(pause.device, pause);
  }
  profile.pauses = [...newest.values()].sort((a, b) => a.atMs - b.atMs).slice(-pausesMax);
}
