import { assert, unreachable } from '../lib/assert.ts';
import { weighJson } from '../lib/json.ts';
import { fingerprint, pushFingerprint } from './fingerprint.ts';
import type { IdentityId, SessionId } from './ids.ts';
import type { EventLine, Line, SessionEndedLine } from './line.ts';
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
    case 'identity_attached': {
      const id = line.id as number as IdentityId;
      const value = identityValue(id);
      profile.identities.push({ id, kind: line.name, value });
      profile.texts.identities = undefined;
      profile.size += value.length + 40;
      break;
    }
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
      profile.texts.attributes = undefined;
      for (const [name, value] of Object.entries(line.params)) {
        if (!profile.attributes.has(name)) profile.size += name.length + 24;
        else profile.size -= weighJson(profile.attributes.get(name)?.[1] ?? null);
        profile.attributes.set(name, [name, value, line.timeSec]);
        profile.size += weighJson(value);
      }
      break;
    case 'event':
      count(profile, line);
      break;
    default:
      unreachable(line);
  }
  return profile;
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
    if (line.value !== null) counter.valueSum = (counter.valueSum ?? 0) + line.value;
    counter.firstSec = Math.min(counter.firstSec, line.timeSec);
    counter.lastSec = Math.max(counter.lastSec, line.timeSec);
  }
  if (line.stamped) {
    const print = fingerprint(line.name, line.timeSec, line.params);
    profile.fingerprints = pushFingerprint(profile.fingerprints, print);
    profile.newestStampSec = Math.max(profile.newestStampSec, line.timeSec);
  }
}
