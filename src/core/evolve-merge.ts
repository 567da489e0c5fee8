import { type Json, weighJson } from '../lib/json.ts';
import { addCounts, addFinite, joinCounters } from './counter.ts';
import { joinFingerprints } from './fingerprint.ts';
import type { IdentityId } from './ids.ts';
import { pausesMax } from './limits.ts';
import type { MergedLine } from './line.ts';
import { type Attribute, emptyProfileSize, type Identity, type Pause, type Profile } from './profile.ts';
import { readProfile } from './profile-document.ts';

/**
 * The part of `evolve` that is about merging (Leanplum contract 7.3, Bloomreach contract 2.6): the part's counters are
 * added, its times widen the profile's, of each attribute the one set last stays, ids, devices and open sessions unite.
 * What may not be there twice the rule has ended or named before (`mergeAll`).
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
  profile.totalSessions = addCounts(profile.totalSessions, part.totalSessions);
  profile.timeSpentMs = addFinite(profile.timeSpentMs, part.timeSpentMs);
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
  joinEntries(profile, profile.attributes, part.attributes);
  profile.texts.attributes = undefined;
  uniteLists(profile.facts, part.facts);
  joinEntries(profile, profile.facts, part.facts);
  const ownOf = new Map(line.same);
  for (const [id, facts] of part.devices) {
    joinEntries(profile, profile.devices.getOrInsert(ownOf.get(id) ?? id, new Map()), facts);
  }
  joinIdentities(profile, part, line, identityValue);
  joinSessions(profile, part, ownOf);
}

/** Of two set at the same time the profile's own stays. */
function joinEntries(
  profile: Profile,
  entries: Map<string, Attribute>,
  others: ReadonlyMap<string, Attribute>,
): void {
  for (const attribute of others.values()) {
    const [name, value, setSec] = attribute;
    const own = entries.get(name);
    if (own !== undefined) profile.size -= name.length + 24 + weighJson(setSec > own[2] ? own[1] : value);
    if (own === undefined || setSec > own[2]) entries.set(name, attribute);
  }
}

/** A fact that is a list holds what the user opted out of: from now on what either of the two did. */
function uniteLists(facts: Map<string, Attribute>, others: ReadonlyMap<string, Attribute>): void {
  for (const [name, value, setSec] of others.values()) {
    const own = facts.get(name);
    if (own === undefined || !Array.isArray(own[1]) || !Array.isArray(value)) continue;
    const more = value.filter((it) => !(own[1] as Json[]).includes(it));
    facts.set(name, [name, [...own[1], ...more], Math.max(own[2], setSec)]);
  }
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
