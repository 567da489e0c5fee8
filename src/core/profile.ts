import type { Json } from '../lib/json.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId, StateId } from './ids.ts';

/**
 * Kinds of identity (design D9): `user` is hard, one per profile (Leanplum userId, the first hard type of a Bloomreach
 * project); `device` and `cookie` are soft, a profile may have many. Further types of a project say their class and name
 * (see `readIdTypes`), so that a line needs no project to be understood. `reserved` names what is nobody's, such as clicks
 * that name no customer: only the server makes such ids, no request can name them and no dialect shows them.
 */
export type IdentityKind = 'user' | 'device' | 'cookie' | 'reserved' | `hard:${string}` | `soft:${string}`;

/** Whether a profile has one id of this kind at most, which nobody takes away from it. */
export function isHard(kind: IdentityKind): boolean {
  return kind === 'user' || kind.startsWith('hard:');
}

/** Whether a profile keeps only the ids of this kind that were used last. Devices are soft, but all are kept. */
export function isKeptByUse(kind: IdentityKind): boolean {
  return kind === 'cookie' || kind.startsWith('soft:');
}

export interface Identity {
  readonly id: IdentityId;
  readonly kind: IdentityKind;
  readonly value: string;
  /** A device that somebody else uses now: it stays in this profile's list and names the other one (design D9). */
  readonly away?: true;
}

/** Name, value, and when it was set (Unix seconds). A null value is a dated tombstone: it was set and then cleared. */
export type Attribute = readonly [name: string, value: Json, setSec: number];

/**
 * Lifetime counter of one event or state name; times in Unix seconds. `valueSum` is null when no event ever had a
 * value; states have none.
 */
export interface Counter {
  readonly name: string;
  count: number;
  valueSum: number | null;
  firstSec: number;
  lastSec: number;
}

/** What an open session does: it runs, it is paused, or the app was started in the background and nobody has seen it. */
export type SessionPhase = 'active' | 'paused' | 'background';

/**
 * An open session. Its clock is that of its actions, which may be sent hours later; it never runs backwards and never
 * ahead of the server's.
 */
export interface Session {
  readonly id: SessionId;
  /** The device it runs on, or null when the caller named none. */
  readonly device: IdentityId | null;
  phase: SessionPhase;
  readonly openedMs: number;
  /** Its newest activity; of a paused session: its pause. */
  lastActiveMs: number;
  /** Server time at which its newest activity was applied. */
  heardMs: number;
  /** How long it was active up to `lastActiveMs`, without its pauses. */
  spentMs: number;
  /** How many events and states were recorded in it. */
  events: number;
  states: number;
  state: CurrentState | null;
}

/** The state a session is in (Leanplum contract 3.3). */
export interface CurrentState {
  readonly id: StateId;
  readonly name: string;
  readonly enteredMs: number;
  /** False: its own clock is stopped. It stands still as well while the session is not active. */
  running: boolean;
  /** How long it ran up to the session's `lastActiveMs`. */
  spentMs: number;
}

/** The latest pause on a device; null: of callers that name none. */
export interface Pause {
  readonly device: IdentityId | null;
  readonly atMs: number;
}

/** What a profile is made from, beside its attributes. */
type ProfileMembers = Omit<Profile, 'attributes' | 'texts' | 'pack' | 'become'>;

/** Parts of a profile's document as JSON text, kept while they are up to date: most changes leave them alone. */
export interface ProfileTexts {
  identities: string | undefined;
  attributes: string | undefined;
}

/** Everything kept about one user. Changed by `evolve` and by nothing else. */
export class Profile {
  readonly id: ProfileId;
  readonly project: ProjectId;
  createdMs: number;
  /** Server time of its newest line: time never runs backwards for a profile. */
  updatedMs: number;
  lastEvent: EventId;
  lastActiveMs: number | null;
  totalSessions: number;
  timeSpentMs: number;
  readonly identities: Identity[];
  /** What is known about the user beside his attributes, and about each of his devices. Never holds objects. */
  readonly facts: Map<string, Attribute>;
  readonly devices: Map<IdentityId, Map<string, Attribute>>;
  readonly counters: Map<string, Counter>;
  readonly states: Map<string, Counter>;
  sessions: Session[];
  /** Newest last. */
  pauses: Pause[];
  /** Server time at which a session may have timed out and the profile has to be looked at; null: no session is open. */
  timerMs: number | null;
  /** Newest client-stamped event time, Unix seconds; an event newer than this cannot be a duplicate. */
  newestStampSec: number;
  /** Fingerprints of the newest client-stamped events, oldest first, 8 characters each. */
  fingerprints: string;
  /** The profiles that were merged into this one, and those merged into them; their lines are part of its history. */
  readonly parts: ProfileId[];
  /** Nothing is kept about this user any more (Leanplum contract 2.4 `block`). */
  blocked: boolean;
  /** Approximate length of its document; grows with changes, exact after a load. Not part of the state. */
  size: number;
  readonly texts: ProfileTexts;
  #attributes: Map<string, Attribute> | undefined;

  /** Attributes come as entries, or as the text of a list of them, which is parsed when somebody asks. */
  constructor(members: ProfileMembers, texts: ProfileTexts, attributes?: Map<string, Attribute>) {
    this.id = members.id;
    this.project = members.project;
    this.createdMs = members.createdMs;
    this.updatedMs = members.updatedMs;
    this.lastEvent = members.lastEvent;
    this.lastActiveMs = members.lastActiveMs;
    this.totalSessions = members.totalSessions;
    this.timeSpentMs = members.timeSpentMs;
    this.identities = members.identities;
    this.facts = members.facts;
    this.devices = members.devices;
    this.counters = members.counters;
    this.states = members.states;
    this.sessions = members.sessions;
    this.pauses = members.pauses;
    this.timerMs = members.timerMs;
    this.newestStampSec = members.newestStampSec;
    this.fingerprints = members.fingerprints;
    this.parts = members.parts;
    this.blocked = members.blocked;
    this.size = members.size;
    this.texts = texts;
    this.#attributes = attributes;
  }

  get attributes(): Map<string, Attribute> {
    if (this.#attributes === undefined) {
      const list = JSON.parse(this.texts.attributes ?? '[]') as Attribute[];
      this.#attributes = new Map(list.map((attribute) => [attribute[0], attribute]));
    }
    return this.#attributes;
  }

  /** Keeps attributes only as text, if there is one: that many objects less for the garbage collector to walk. */
  pack(): void {
    if (this.texts.attributes !== undefined) this.#attributes = undefined;
  }

  /** Has everything that `other` has from now on, and nothing else; `other` is not used any more. */
  become(other: Profile): void {
    this.#attributes = other.attributes;
    Object.assign(this, other);
  }
}

export const emptyProfileSize = 256;

export function newProfile(id: ProfileId, project: ProjectId, nowMs: number): Profile {
  const members = {
    id,
    project,
    createdMs: nowMs,
    updatedMs: nowMs,
    lastEvent: id as number as EventId,
    lastActiveMs: null,
    totalSessions: 0,
    timeSpentMs: 0,
    identities: [],
    facts: new Map(),
    devices: new Map(),
    counters: new Map(),
    states: new Map(),
    sessions: [],
    pauses: [],
    timerMs: null,
    newestStampSec: Number.NEGATIVE_INFINITY,
    fingerprints: '',
    parts: [],
    blocked: false,
    size: emptyProfileSize,
  };
  return new Profile(members, { identities: undefined, attributes: undefined }, new Map());
}

export function hasIdentityOf(profile: Profile, kind: IdentityKind): boolean {
  return profile.identities.some((identity) => identity.kind === kind);
}

export function findIdentity(profile: Profile, kind: IdentityKind, value: string): Identity | undefined {
  return profile.identities.find((identity) => identity.kind === kind && identity.value === value);
}

/** The profile's id of a hard kind. */
export function hardIdOf(profile: Profile, kind: IdentityKind): string | undefined {
  return profile.identities.find((identity) => identity.kind === kind)?.value;
}

/** The name by which both dialects know the user; an anonymous one has none. */
export function userOf(profile: Profile): string | undefined {
  return hardIdOf(profile, 'user');
}

/** The profiles whose lines are this one's history (see `History.linesOf`). */
export function historyOf(profile: Profile): ProfileId[] {
  return [...profile.parts, profile.id];
}
