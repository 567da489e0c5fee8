import { unreachable } from '../lib/assert.ts';
import { weighJson } from '../lib/json.ts';
import { addToCounter } from './counter.ts';
import { evolveMerge } from './evolve-merge.ts';
import { evolveSession, moveTimer, touch } from './evolve-session.ts';
import { fingerprint, pushFingerprint } from './fingerprint.ts';
import type { IdentityId } from './ids.ts';
import type {
  AttributesLine,
  ErasedLine,
  EventLine,
  FactsLine,
  IdentityAttachedLine,
  IdentityDetachedLine,
  IdentityHandedOnLine,
  IdentityUsedLine,
  Line,
  OverriddenLine,
} from './line.ts';
import { type Attribute, newProfile, type Profile } from './profile.ts';
import { readProfile } from './profile-document.ts';

/** The external id that an identity's internal id stands for; lines do not hold it. */
export type IdentityValue = (id: IdentityId) => string;

/**
 * Brings a profile to the state after `line`: the only function that changes a profile, so that *profile = fold of
 * its lines* holds by construction. It changes the given object in place (copying maps for every item would cost more
 * than everything else together), decides nothing and cannot fail half-way. `undefined` is the state before the
 * first line: `created`, or an erasure of what was before.
 */
export function evolve(profile: Profile | undefined, line: Line, identityValue: IdentityValue): Profile {
  if (profile === undefined) {
    if (line.kind === 'erased' && line.document !== null) {
      const state = stateAfter(line, line.document, identityValue);
      moveTimer(state, line);
      return state;
    }
    const empty = newProfile(line.profile, line.project, line.atMs);
    // Of a profile whose beginning is erased some lines may be left before the one that says its state.
    return line.kind === 'created' ? empty : evolve(empty, line, identityValue);
  }
  profile.updatedMs = line.atMs;
  profile.lastEvent = line.id;
  if (line.session !== null) touch(profile, line);
  switch (line.kind) {
    case 'created':
    case 'merged_into':
      break;
    case 'erased':
      if (line.document !== null) profile.become(stateAfter(line, line.document, identityValue));
      break;
    case 'unblocked':
      profile.blocked = false;
      break;
    case 'merged':
      evolveMerge(profile, line, identityValue);
      break;
    case 'identity_attached':
    case 'identity_detached':
    case 'identity_used':
    case 'identity_handed_on':
      changeIdentities(profile, line, identityValue);
      break;
    case 'session_opened':
    case 'session_continued':
    case 'session_paused':
    case 'session_resumed':
    case 'session_ended':
    case 'state_entered':
    case 'state_left':
    case 'state_paused':
    case 'state_resumed':
    case 'time_passed':
      evolveSession(profile, line);
      break;
    case 'attributes':
      setAttributes(profile, line);
      break;
    case 'facts':
      setFacts(profile, line);
      break;
    case 'overridden':
      override(profile, line);
      break;
    case 'event':
      count(profile, line);
      break;
    default:
      unreachable(line);
  }
  moveTimer(profile, line);
  return profile;
}

function stateAfter(line: ErasedLine, document: string, identityValue: IdentityValue): Profile {
  const profile = readProfile(document);
  for (const [index, it] of profile.identities.entries()) {
    profile.identities[index] = { ...it, value: identityValue(it.id) };
  }
  profile.texts.identities = undefined;
  profile.updatedMs = line.atMs;
  profile.lastEvent = line.id;
  return profile;
}

function setAttributes(profile: Profile, line: AttributesLine): void {
  setEntries(profile, profile.attributes, line);
  profile.texts.attributes = undefined;
}

function setEntries(
  profile: Profile,
  attributes: Map<string, Attribute>,
  { params, timeSec }: AttributesLine | FactsLine,
): void {
  for (const [name, value] of Object.entries(params)) {
    const old = attributes.get(name);
    profile.size += weighJson(value) - (old === undefined ? -name.length - 24 : weighJson(old[1]));
    attributes.set(name, [name, value, timeSec]);
  }
}

function setFacts(profile: Profile, line: FactsLine): void {
  const facts = line.device === null ? profile.facts : profile.devices.getOrInsert(line.device, new Map());
  setEntries(profile, facts, line);
}

function override(profile: Profile, { events, states, totals }: OverriddenLine): void {
  for (const [counters, rows] of [
    [profile.counters, events],
    [profile.states, states],
  ] as const) {
    for (const [name, count, valueSum, firstSec, lastSec] of rows) {
      if (!counters.has(name)) profile.size += name.length + 64;
      counters.set(name, { name, count, valueSum, firstSec, lastSec });
    }
  }
  profile.createdMs = totals.createdMs ?? profile.createdMs;
  profile.lastActiveMs = totals.lastActiveMs ?? profile.lastActiveMs;
  profile.totalSessions = totals.sessions ?? profile.totalSessions;
  profile.timeSpentMs = totals.spentMs ?? profile.timeSpentMs;
}

/** The identities of a kind stand in the order of their last use, newest last. */
function changeIdentities(
  profile: Profile,
  line: IdentityAttachedLine | IdentityDetachedLine | IdentityUsedLine | IdentityHandedOnLine,
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
  const { id, kind, value } = identity;
  if (line.kind === 'identity_used') profile.identities.push({ id, kind, value });
  else if (line.kind === 'identity_handed_on')
    profile.identities.splice(index, 0, { id, kind, value, away: true });
  else profile.size -= identity.value.length + 40;
}

function count(profile: Profile, line: EventLine): void {
  const session = line.session === null ? undefined : profile.sessions.find((it) => it.id === line.session);
  if (session !== undefined) session.events += 1;
  if (addToCounter(profile.counters, line, line.value)) profile.size += line.name.length + 64;
  if (line.stamped) {
    const print = fingerprint(line.name, line.timeSec, line.params);
    profile.fingerprints = pushFingerprint(profile.fingerprints, print);
    profile.newestStampSec = Math.max(profile.newestStampSec, line.timeSec);
  }
}
