import { assert } from '../lib/assert.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId } from './ids.ts';
import type { Attribute, Counter, Identity, IdentityKind, Profile, Session } from './profile.ts';

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
  readonly attributes: readonly Attribute[];
  readonly counters: readonly (readonly [string, number, number | null, number, number])[];
  readonly sessions: readonly (readonly [number, number | null, number, number])[];
  readonly newest: number | null;
  readonly prints: string;
}

/** The profile's document as JSON text. */
export function writeProfile(profile: Profile): string {
  const document: ProfileDocument = {
    v: 1,
    id: profile.id,
    project: profile.project,
    created: profile.createdMs,
    updated: profile.updatedMs,
    last: profile.lastEvent,
    active: profile.lastActiveMs,
    sessionCount: profile.totalSessions,
    spent: profile.timeSpentMs,
    identities: profile.identities.map((it) => [it.id, it.kind, it.value]),
    attributes: [...profile.attributes.values()],
    counters: Array.from(profile.counters.values(), (it) => [
      it.name,
      it.count,
      it.valueSum,
      it.firstSec,
      it.lastSec,
    ]),
    sessions: profile.sessions.map((it) => [it.id, it.device, it.openedMs, it.lastActiveMs]),
    newest: Number.isFinite(profile.newestStampSec) ? profile.newestStampSec : null,
    prints: profile.fingerprints,
  };
  return JSON.stringify(document);
}

/** Reads what `writeProfile` wrote; throws when it is something else (a damaged or newer store). */
export function readProfile(text: string): Profile {
  const document = JSON.parse(text) as ProfileDocument;
  assert(document.v === 1, `profile document of version ${document.v}`);
  const attributes = new Map<string, Attribute>();
  for (const attribute of document.attributes) attributes.set(attribute[0], attribute);
  const counters = new Map<string, Counter>();
  for (const [name, count, valueSum, firstSec, lastSec] of document.counters) {
    counters.set(name, { name, count, valueSum, firstSec, lastSec });
  }
  return {
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
    attributes,
    counters,
    sessions: document.sessions.map(
      ([id, device, openedMs, lastActiveMs]): Session => ({
        id: id as SessionId,
        device: device as IdentityId | null,
        openedMs,
        lastActiveMs,
      }),
    ),
    newestStampSec: document.newest ?? Number.NEGATIVE_INFINITY,
    fingerprints: document.prints,
    size: text.length,
  };
}

/** A copy that later changes do not reach: what a read hands out. */
export function copyProfile(profile: Profile): Profile {
  return {
    ...profile,
    identities: [...profile.identities],
    attributes: new Map(profile.attributes),
    counters: new Map(Array.from(profile.counters, ([name, counter]) => [name, { ...counter }])),
    sessions: profile.sessions.map((session) => ({ ...session })),
  };
}
