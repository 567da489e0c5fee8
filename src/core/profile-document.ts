import { assert } from '../lib/assert.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId, StateId } from './ids.ts';
import {
  type Attribute,
  type Counter,
  type Identity,
  type IdentityKind,
  Profile,
  type Session,
  type SessionPhase,
} from './profile.ts';

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
  readonly facts: readonly Attribute[];
  readonly devices: readonly (readonly [number, readonly Attribute[]])[];
  /** The last member: the device is somebody else's now. */
  readonly identities: readonly (readonly [number, IdentityKind, string, 1?])[];
  readonly attributes: readonly Attribute[];
  readonly counters: readonly (readonly [string, number, number | null, number, number])[];
  readonly states: readonly (readonly [string, number, number, number])[];
  readonly sessions: readonly SessionDocument[];
  readonly pauses: readonly (readonly [number | null, number])[];
  readonly timer: number | null;
  readonly newest: number | null;
  readonly prints: string;
  readonly parts: readonly number[];
  readonly blocked: boolean;
}

/** Times in milliseconds: opened, last active, heard of, spent. */
type SessionDocument = readonly [
  id: number,
  device: number | null,
  phase: SessionPhase,
  opened: number,
  active: number,
  heard: number,
  spent: number,
  state: readonly [id: number, name: string, entered: number, running: boolean, spent: number] | null,
  /** Left out: nothing was recorded in it yet. */
  events?: number,
  states?: number,
];

/**
 * The profile's document as JSON text, put together from its parts: each part is serialised when it has changed, since
 * this runs for every changed profile of every group.
 */
export function writeProfile(profile: Profile): string {
  const { texts } = profile;
  texts.identities ??= JSON.stringify(profile.identities.map(writeIdentity));
  texts.attributes ??= JSON.stringify([...profile.attributes.values()]);
  const newest = Number.isFinite(profile.newestStampSec) ? profile.newestStampSec : null;
  return (
    `{"v":1,"id":${profile.id},"project":${profile.project},"created":${profile.createdMs}` +
    `,"updated":${profile.updatedMs},"last":${profile.lastEvent},"active":${profile.lastActiveMs}` +
    `,"sessionCount":${profile.totalSessions},"spent":${profile.timeSpentMs}` +
    `,"facts":${writeFacts(profile.facts)},"devices":${writeDevices(profile)}` +
    `${identitiesMark}${texts.identities}${attributesMark}${texts.attributes}` +
    `${countersMark}${writeCounters(profile)},"states":${writeStates(profile)}` +
    `,"sessions":${writeSessions(profile)},"pauses":${writePauses(profile)},"timer":${profile.timerMs}` +
    `,"newest":${newest},"prints":"${profile.fingerprints}","parts":[${profile.parts.join()}],"blocked":${profile.blocked}}`
  );
}

/**
 * Where the parts begin. Inside a string the quotes would be escaped, but a member of an attribute's value may be called
 * like one of these: before the attributes the first one counts, after them the last. So nothing after the attributes
 * may hold an object of somebody else's.
 */
const identitiesMark = ',"identities":';
const attributesMark = ',"attributes":';
const countersMark = ',"counters":';

function writeIdentity({ id, kind, value, away }: Identity): unknown[] {
  return away ? [id, kind, value, 1] : [id, kind, value];
}

function writeCounters(profile: Profile): string {
  let text = '';
  for (const { name, count, valueSum, firstSec, lastSec } of profile.counters.values()) {
    text += `${text === '' ? '[' : ','}[${JSON.stringify(name)},${count},${valueSum},${firstSec},${lastSec}]`;
  }
  return text === '' ? '[]' : `${text}]`;
}

function writeFacts(facts: ReadonlyMap<string, Attribute>): string {
  return facts.size === 0 ? '[]' : JSON.stringify([...facts.values()]);
}

function writeDevices({ devices }: Profile): string {
  const rows = Array.from(devices, ([id, facts]) => `[${id},${writeFacts(facts)}]`);
  return `[${rows.join(',')}]`;
}

function writeStates(profile: Profile): string {
  if (profile.states.size === 0) return '[]';
  const states = Array.from(profile.states.values(), (it) => [it.name, it.count, it.firstSec, it.lastSec]);
  return JSON.stringify(states);
}

function writeSessions(profile: Profile): string {
  if (profile.sessions.length === 0) return '[]';
  return JSON.stringify(
    profile.sessions.map(
      ({
        id,
        device,
        phase,
        openedMs,
        lastActiveMs,
        heardMs,
        spentMs,
        state,
        events,
        states,
      }): SessionDocument => {
        const current =
          state && ([state.id, state.name, state.enteredMs, state.running, state.spentMs] as const);
        const clocks = [openedMs, lastActiveMs, heardMs, spentMs] as const;
        if (events + states === 0) return [id, device, phase, ...clocks, current];
        return [id, device, phase, ...clocks, current, events, states];
      },
    ),
  );
}

function writePauses(profile: Profile): string {
  if (profile.pauses.length === 0) return '[]';
  return JSON.stringify(profile.pauses.map(({ device, atMs }) => [device, atMs]));
}

/** Reads what `writeProfile` wrote; throws when it is something else (a damaged or newer store). */
export function readProfile(text: string): Profile {
  const { identitiesAt, attributesAt, countersAt } = marksOf(text);
  // Without its attributes: they stay text until somebody asks for one.
  const document = JSON.parse(text.slice(0, attributesAt) + text.slice(countersAt)) as ProfileDocument;
  assert(document.v === 1, `profile document of version ${document.v}`);
  const counters = new Map<string, Counter>();
  for (const [name, count, valueSum, firstSec, lastSec] of document.counters) {
    counters.set(name, { name, count, valueSum, firstSec, lastSec });
  }
  const states = new Map<string, Counter>();
  for (const [name, count, firstSec, lastSec] of document.states) {
    states.set(name, { name, count, valueSum: null, firstSec, lastSec });
  }
  const members = {
    id: document.id as ProfileId,
    project: document.project as ProjectId,
    createdMs: document.created,
    updatedMs: document.updated,
    lastEvent: document.last as EventId,
    lastActiveMs: document.active,
    totalSessions: document.sessionCount,
    timeSpentMs: document.spent,
    identities: document.identities.map(readIdentity),
    facts: mapOf(document.facts),
    devices: new Map(document.devices.map(([id, facts]) => [id as IdentityId, mapOf(facts)])),
    counters,
    states,
    sessions: document.sessions.map(readSession),
    pauses: document.pauses.map(([device, atMs]) => ({ device: device as IdentityId | null, atMs })),
    timerMs: document.timer,
    newestStampSec: document.newest ?? Number.NEGATIVE_INFINITY,
    fingerprints: document.prints,
    parts: [...document.parts] as ProfileId[],
    blocked: document.blocked,
    size: text.length,
  };
  return new Profile(members, {
    identities: text.slice(identitiesAt + identitiesMark.length, attributesAt),
    attributes: text.slice(attributesAt + attributesMark.length, countersAt),
  });
}

/** Who somebody is and what he is like, of a profile's document, in half of the time that all of it takes. */
export function readPerson(text: string): Pick<Profile, 'identities' | 'attributes'> {
  const { identitiesAt, countersAt } = marksOf(text);
  assert(text.startsWith('{"v":1,'), 'a profile document of version 1');
  const part = `{${text.slice(identitiesAt + 1, countersAt)}}`;
  const { identities, attributes } = JSON.parse(part) as Pick<ProfileDocument, 'identities' | 'attributes'>;
  return { identities: identities.map(readIdentity), attributes: mapOf(attributes) };
}

function marksOf(text: string): { identitiesAt: number; attributesAt: number; countersAt: number } {
  const identitiesAt = text.indexOf(identitiesMark);
  const attributesAt = text.indexOf(attributesMark);
  const countersAt = text.lastIndexOf(countersMark);
  assert(identitiesAt > 0 && identitiesAt < attributesAt && attributesAt < countersAt, 'a profile document');
  return { identitiesAt, attributesAt, countersAt };
}

function readIdentity([id, kind, value, away]: ProfileDocument['identities'][number]): Identity {
  return { id: id as IdentityId, kind, value, ...(away && { away: true }) };
}

function mapOf(facts: readonly Attribute[]): Map<string, Attribute> {
  return new Map(facts.map((it) => [it[0], it]));
}

function readSession(stored: SessionDocument): Session {
  const [id, device, phase, openedMs, lastActiveMs, heardMs, spentMs, state, events = 0, states = 0] = stored;
  return {
    id: id as SessionId,
    device: device as IdentityId | null,
    phase,
    openedMs,
    lastActiveMs,
    heardMs,
    spentMs,
    events,
    states,
    state: state && {
      id: state[0] as StateId,
      name: state[1],
      enteredMs: state[2],
      running: state[3],
      spentMs: state[4],
    },
  };
}

/** A copy that later changes do not reach: what a read hands out. */
export function copyProfile(profile: Profile): Profile {
  const members = {
    ...profile,
    identities: [...profile.identities],
    facts: new Map(profile.facts),
    devices: new Map(Array.from(profile.devices, ([id, facts]) => [id, new Map(facts)])),
    counters: copyCounters(profile.counters),
    states: copyCounters(profile.states),
    sessions: profile.sessions.map((it) => ({ ...it, state: it.state && { ...it.state } })),
    parts: [...profile.parts],
  };
  return new Profile(members, { ...profile.texts }, new Map(profile.attributes));
}

/** The document of a profile for a line: without the values of its ids. */
export function writeWithoutValues(profile: Profile): string {
  const identities = profile.identities.map((it) => ({ ...it, value: '' }));
  const texts = { identities: undefined, attributes: JSON.stringify([...profile.attributes.values()]) };
  return writeProfile(new Profile({ ...profile, identities }, texts));
}

function copyCounters(counters: ReadonlyMap<string, Counter>): Map<string, Counter> {
  return new Map(Array.from(counters, ([name, counter]) => [name, { ...counter }]));
}
