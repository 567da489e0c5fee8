import type { Json } from '../lib/json.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId } from './ids.ts';

/**
 * Kinds of identity (design D9): `user` is hard, one per profile (Leanplum userId, Bloomreach `registered`);
 * `device` and `cookie` are soft, a profile may have many.
 */
export type IdentityKind = 'user' | 'device' | 'cookie';

export interface Identity {
  readonly id: IdentityId;
  readonly kind: IdentityKind;
  readonly value: string;
}

/** Name, value, and when it was set (Unix seconds). A null value is a dated tombstone: it was set and then cleared. */
export type Attribute = readonly [name: string, value: Json, setSec: number];

/** Lifetime counter of one event name; times in Unix seconds. `valueSum` is null when no event ever had a value. */
export interface Counter {
  readonly name: string;
  count: number;
  valueSum: number | null;
  firstSec: number;
  lastSec: number;
}

export interface Session {
  readonly id: SessionId;
  /** The device it runs on, or null when the caller named none. */
  readonly device: IdentityId | null;
  readonly openedMs: number;
  lastActiveMs: number;
}

/** Everything kept about one user. Changed by `evolve` and by nothing else. */
export interface Profile {
  readonly id: ProfileId;
  readonly project: ProjectId;
  readonly createdMs: number;
  /** Server time of its newest line: time never runs backwards for a profile. */
  updatedMs: number;
  lastEvent: EventId;
  lastActiveMs: number | null;
  totalSessions: number;
  timeSpentMs: number;
  readonly identities: Identity[];
  readonly attributes: Map<string, Attribute>;
  readonly counters: Map<string, Counter>;
  readonly sessions: Session[];
  /** Newest client-stamped event time, Unix seconds; an event newer than this cannot be a duplicate. */
  newestStampSec: number;
  /** Fingerprints of the newest client-stamped events, oldest first, 8 characters each. */
  fingerprints: string;
  /** Approximate length of its document; grows with changes, exact after a load. Not part of the state. */
  size: number;
  /** Parts of its document as JSON text, kept while they are up to date: most changes leave them alone. */
  readonly texts: { identities: string | undefined; attributes: string | undefined };
}

const emptyProfileSize = 256;

export function newProfile(id: ProfileId, project: ProjectId, nowMs: number): Profile {
  return {
    id,
    project,
    createdMs: nowMs,
    updatedMs: nowMs,
    lastEvent: id as number as EventId,
    lastActiveMs: null,
    totalSessions: 0,
    timeSpentMs: 0,
    identities: [],
    attributes: new Map(),
    counters: new Map(),
    sessions: [],
    newestStampSec: Number.NEGATIVE_INFINITY,
    fingerprints: '',
    size: emptyProfileSize,
    texts: { identities: undefined, attributes: undefined },
  };
}

export function hasIdentityOf(profile: Profile, kind: IdentityKind): boolean {
  return profile.identities.some((identity) => identity.kind === kind);
}

export function findIdentity(profile: Profile, kind: IdentityKind, value: string): Identity | undefined {
  return profile.identities.find((identity) => identity.kind === kind && identity.value === value);
}
