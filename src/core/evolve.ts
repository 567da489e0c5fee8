import { assert, unreachable } from '../lib/assert.ts';
import { weighJson } from '../lib/json.ts';
import { fingerprint, pushFingerprint } from './fingerprint.ts';
import type { IdentityId, SessionId } from './ids.ts';
import type {
  AttributesLine,
  EventLine,
  IdentityAttachedLine,
  IdentityDetachedLine,
  IdentityUsedLine,
  Line,
  SessionEndedLine,
} from './line.ts';
import { newProfile, type Profile } from './profile.ts';

/** The external id that an identity's internal id stands for; lines do not hold it. */
export type IdentityValue = (id: IdentityId) => string;

/**
 * Brings a profile to the state after `line`: the only function that changes a profile, so that *profile = fold of
 * its lines* holds by construction. It changes the given object in place (copying maps for every item would cost more
 * than everything else together), decides nothing and cannot fail half-way. `undefined` is the state before the
 * `created` line.
 */
export function evolve(profile: Profile | undefined, line: Line, identityValue: IdentityValue): Profile {
  if (profile === undefined) {
    assert(line.kind === 'created', `the first line of profile ${line.profile} is ${line.kind}`);
    return newProfile(line.profile, line.project, line.atMs);
  }
  profile.updatedMs = line.atMs;
  profile.lastEvent = line.id;
  if (line.session !== null && line.kind !== 'session_ended') touchSession(profile, line.session, line.atMs);
  switch (line.kind) {
    case 'created':
      break;
    case 'identity_attached':
    case 'identity_detached':
    case 'identity_used':
      changeIdentities(profile, line, identityValue);
      break;
    case 'session_opened':
      profile.sessions.push({
        id: line.id as number as SessionId,
        device: line.device,
        openedMs: line.atMs,
        lastActiveMs: line.atMs,
      });
      profile.totalSessions += 1;
      profile.lastActiveMs = line.atMs;
      break;
    case 'session_ended':
      endSession(profile, line);
      break;
    case 'attributes':
      setAttributes(profile, line);
      break;
    case 'event':
      count(profile, line);
      break;
    default:
      unreachable(line);
  }
  return profile;
}

function setAttributes(profile: Profile, line: AttributesLine): void {
  const { attributes } = profile;
  for (const [name, value] of Object.entries(line.params)) {
    const old = attributes.get(name);
    profile.size += weighJson(value) - (old === undefined ? -name.length - 24 : weighJson(old[1]));
    attributes.set(name, [name, value, line.timeSec]);
  }
  profile.texts.attributes = undefined;
}

/** The identities of a kind stand in the order of their last use, newest last. */
function changeIdentities(
  profile: Profile,
  line: IdentityAttachedLine | IdentityDetachedLine | IdentityUsedLine,
  identityValue: IdentityValue,
): void {
  profile.texts.identities = undefined;
  if (line.kind === 'identity_attached') {
    const id = line.id as number as IdentityId;
    const value = identityValue(id);
    profile.identities.push({ id, kind: line.name, value });
    profile.size += value.length + 40;
    return;
  }
  const index = profile.identities.findIndex((it) => it.id === line.identity);
  const [identity] = index === -1 ? [] : profile.identities.splice(index, 1);
  if (identity === undefined) return;
  if (line.kind === 'identity_used') profile.identities.push(identity);
  else profile.size -= identity.value.length + 40;
}

function touchSession(profile: Profile, id: SessionId, atMs: number): void {
  const session = profile.sessions.find((it) => it.id === id);
  if (session !== undefined) session.lastActiveMs = atMs;
  profile.lastActiveMs = atMs;
}

function endSession(profile: Profile, line: SessionEndedLine): void {
  const index = profile.sessions.findIndex((it) => it.id === line.session);
  const [session] = index === -1 ? [] : profile.sessions.splice(index, 1);
  if (session !== undefined) profile.timeSpentMs += session.lastActiveMs - session.openedMs;
}

function count(profile: Profile, line: EventLine): void {
  const counter = profile.counters.get(line.name);
  profile.texts.counters = undefined;
  if (counter === undefined) {
    profile.counters.set(line.name, {
      name: line.name,
      count: 1,
      valueSum: line.value,
      firstSec: line.timeSec,
      lastSec: line.timeSec,
    });
    profile.size += line.name.length + 64;
  } else {
    counter.count += 1;
    if (line.value !== null) counter.valueSum = addFinite(counter.valueSum ?? 0, line.value);
    counter.firstSec = Math.min(counter.firstSec, line.timeSec);
    counter.lastSec = Math.max(counter.lastSec, line.timeSec);
  }
  if (line.stamped) {
    const print = fingerprint(line.name, line.timeSec, line.params);
    profile.fingerprints = pushFingerprint(profile.fingerprints, print);
    profile.newestStampSec = Math.max(profile.newestStampSec, line.timeSec);
  }
}

/** A sum that JSON can say: it stops at the largest number instead of becoming Infinity. */
function addFinite(a: number, b: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, a + b));
}
