import { assert } from '../lib/assert.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId } from './ids.ts';
import { type Identity, type IdentityKind, Profile, type Session } from './profile.ts';

/**
 * A profile as one JSON document, the form every store keeps. Tuples instead of objects: half the size, and
 * user-given names are values there, never keys, so that no name can mean something to JavaScript.
 */
interface ProfileDocument {
  readonly v: 1;
  readonly id: number;
  readonly project: number;
  readonly created: number;
  readonly updated: number;
  readonly last: number;
  readonly active: number | null;
  readonly sessionCount: number;
  readonly spent: number;
  readonly identities: readonly (readonly [number, IdentityKind, string])[];
  readonly sessions: readonly (readonly [number, number | null, number, number])[];
  readonly newest: number | null;
  readonly prints: string;
}

/**
 * The profile's document as JSON text, put together from its parts: each part is serialised when it has changed, since
 * this runs for every changed profile of every group.
 */
export function writeProfile(profile: Profile): string {
  const { texts } = profile;
  texts.identities ??= JSON.stringify(profile.identities.map((it) => [it.id, it.kind, it.value]));
  texts.attributes ??= JSON.stringify([...profile.attributes.values()]);
  texts.counters ??= writeCounters(profile);
  const newest = Number.isFinite(profile.newestStampSec) ? profile.newestStampSec : null;
  return (
    `{"v":1,"id":${profile.id},"project":${profile.project},"created":${profile.createdMs}` +
    `,"updated":${profile.updatedMs},"last":${profile.lastEvent},"active":${profile.lastActiveMs}` +
    `,"sessionCount":${profile.totalSessions},"spent":${profile.timeSpentMs}` +
    `${identitiesMark}${texts.identities}${attributesMark}${texts.attributes}` +
    `${countersMark}${texts.counters}${sessionsMark}${writeSessions(profile)}` +
    `,"newest":${newest},"prints":"${profile.fingerprints}"}`
  );
}

/**
 * Where the parts begin. Inside a string the quotes would be escaped, but a member of an attribute's value may be called
 * like one of these: before the attributes the first one counts, after them the last.
 */
const identitiesMark = ',"identities":';
const attributesMark = ',"attributes":';
const countersMark = ',"counters":';
const sessionsMark = ',"sessions":';

function writeCounters(profile: Profile): string {
  let text = '';
  for (const { name, count, valueSum, firstSec, lastSec } of profile.counters.values()) {
    text += `${text === '' ? '[' : ','}[${JSON.stringify(name)},${count},${valueSum},${firstSec},${lastSec}]`;
  }
  return text === '' ? '[]' : `${text}]`;
}

function writeSessions(profile: Profile): string {
  if (profile.sessions.length === 0) return '[]';
  return JSON.stringify(profile.sessions.map((it) => [it.id, it.device, it.openedMs, it.lastActiveMs]));
}

/** Reads what `writeProfile` wrote; throws when it is something else (a damaged or newer store). */
export function readProfile(text: string): Profile {
  const identitiesAt = text.indexOf(identitiesMark);
  const attributesAt = text.indexOf(attributesMark);
  const countersAt = text.lastIndexOf(countersMark);
  const sessionsAt = text.lastIndexOf(sessionsMark);
  const isInOrder = identitiesAt < attributesAt && attributesAt < countersAt && countersAt < sessionsAt;
  assert(identitiesAt > 0 && isInOrder, 'a profile document');
  // Without its attributes and counters: they stay text until somebody asks for one.
  const document = JSON.parse(text.slice(0, attributesAt) + text.slice(sessionsAt)) as ProfileDocument;
  assert(document.v === 1, `profile document of version ${document.v}`);
  const members = {
    id: document.id as ProfileId,
    project: document.project as ProjectId,
    createdMs: document.created,
    updatedMs: document.updated,
    lastEvent: document.last as EventId,
    lastActiveMs: document.active,
    totalSessions: document.sessionCount,
    timeSpentMs: document.spent,
    identities: document.identities.map(
      ([id, kind, value]): Identity => ({ id: id as IdentityId, kind, value }),
    ),
    sessions: document.sessions.map(readSession),
    newestStampSec: document.newest ?? Number.NEGATIVE_INFINITY,
    fingerprints: document.prints,
    size: text.length,
  };
  return new Profile(members, {
    identities: text.slice(identitiesAt + identitiesMark.length, attributesAt),
    attributes: text.slice(attributesAt + attributesMark.length, countersAt),
    counters: text.slice(countersAt + countersMark.length, sessionsAt),
  });
}

function readSession([id, device, openedMs, lastActiveMs]: ProfileDocument['sessions'][number]): Session {
  return { id: id as SessionId, device: device as IdentityId | null, openedMs, lastActiveMs };
}

/** A copy that later changes do not reach: what a read hands out. */
export function copyProfile(profile: Profile): Profile {
  const counters = new Map(Array.from(profile.counters, ([name, counter]) => [name, { ...counter }]));
  const sessions = profile.sessions.map((session) => ({ ...session }));
  const members = { ...profile, identities: [...profile.identities], sessions };
  const attributes = new Map(profile.attributes);
  return new Profile(members, { ...profile.texts }, { attributes, counters });
}
