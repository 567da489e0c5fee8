import { type Content, readContent, weighContent } from '../core/content/content.ts';
import type { EventId, ProfileId, ProjectId } from '../core/ids.ts';
import type { Profile } from '../core/profile.ts';
import { readProfile } from '../core/profile-document.ts';
import { identityKey, type NamedUser, type Queued } from './batch.ts';
import { Cache } from './cache.ts';
import { type IdempotencyRecord, readRecord, weighRecord } from './idempotency.ts';
import { KnownRecords } from './known-records.ts';
import type { Found, IdentityKey, Wanted } from './store.ts';
import { WriteBehind } from './write-behind.ts';

/** An object takes about this many times its JSON text (measured on profiles of 1 KB). */
const profileOverhead = 2;
const identityWeight = 160;
const absentWeight = 60;
const removedWeight = 100;
/** Idempotency records get at most one part in this many. */
const recordsShare = 8;
/** And the contents of projects as much. */
const contentsShare = 8;
const contentWeight = 500;
/** Many small values, mostly, in maps of their own. */
const contentOverhead = 4;

/**
 * The states of everything in use: newest in memory, on disk or about to be.
 *
 * What keeps them fresh: (1) what is in memory is at least as new as what any read brings, so `install` never replaces;
 * (2) what a group changed stays until it can be read again (`Cache.keep`): ids and records until that group is on disk,
 * a profile until its row is; (3) while a read is under way, nothing
 * leaves that was changed by a group which that read may not have seen (`Order.evictableGroup`); (4) when a group is
 * refused, what it changed is forgotten, and the read under way is thrown away, since it may be older than what groups
 * before the refused one have stored (`Order.discardRead`).
 */
export class Memory {
  readonly identities = new Cache<string, ProfileId>();
  readonly profiles = new Cache<ProfileId, Profile>();
  readonly records = new Cache<string, IdempotencyRecord>();
  readonly contents = new Cache<ProjectId, Content>();
  readonly knownRecords = new KnownRecords();
  readonly behind: WriteBehind;

  constructor(options: { lastEvent: EventId; cacheBytes: number }) {
    this.behind = new WriteBehind(this.profiles, options);
  }

  /** While it stays the same, a batch of which everything was known is still such a batch. */
  get removals(): number {
    const { identities, profiles, records, contents } = this;
    return identities.removals + profiles.removals + records.removals + contents.removals;
  }

  get weight(): number {
    const { identities, profiles, records, contents } = this;
    return profiles.weight + identities.weight + records.weight + contents.weight;
  }

  /** The profiles a user's ids name now; all must be known. */
  resolve(user: NamedUser): (Profile | undefined)[] {
    if (user.profile !== undefined) return [this.profiles.get(user.profile)];
    return user.keys.map((key) => {
      const id = this.identities.get(key);
      return id === undefined ? undefined : this.profiles.get(id);
    });
  }

  /** The profile stays until its row is written. */
  changeProfile(profile: Profile, group: number): void {
    const weight = profile.size * profileOverhead;
    this.profiles.set(profile.id, profile, weight, group, Number.POSITIVE_INFINITY);
    this.behind.add(profile);
  }

  /** The profile is part of another one from now on. */
  removeProfile(profile: Profile, group: number): void {
    this.profiles.set(profile.id, undefined, removedWeight, group);
    this.behind.drop(profile);
  }

  changeIdentity(key: string, profile: ProfileId | undefined, group: number): void {
    this.identities.set(key, profile, identityWeight + key.length, group);
  }

  changeRecord(key: string, record: IdempotencyRecord, group: number): void {
    this.records.set(key, record, key.length + weighRecord(record), group);
    this.knownRecords.add(key);
  }

  changeContent(project: ProjectId, content: Content, group: number): void {
    this.contents.set(project, content, contentWeight + weighContent(content) * contentOverhead, group);
  }

  /** Adds what is not known of a batch to `wants`; answers whether everything is known. */
  collectMissing(queued: Queued, wants: Wants): boolean {
    let complete = true;
    for (const user of queued.users) {
      if (user.profile !== undefined && !this.profiles.has(user.profile)) {
        wants.profiles.add(user.profile);
        complete = false;
      }
      for (const [index, key] of user.keys.entries()) {
        const profile = this.identities.get(key);
        if (profile !== undefined) {
          if (this.profiles.has(profile)) continue;
          wants.profiles.add(profile);
        } else {
          if (this.identities.has(key)) continue;
          const id = user.ids[index] as NamedUser['ids'][number];
          wants.identities.set(key, { project: queued.batch.project, kind: id.kind, value: id.value });
        }
        complete = false;
      }
    }
    const { project, content, names } = queued.batch;
    if ((content ?? names) !== undefined && !this.contents.has(project)) {
      wants.contents.add(project);
      complete = false;
    }
    for (const record of queued.records) {
      if (this.records.has(record) || !this.knownRecords.mayHold(record)) continue;
      wants.records.add(record);
      complete = false;
    }
    return complete;
  }

  install(wanted: Wanted, found: Found): void {
    for (const { id, document } of found.profiles) {
      if (this.profiles.has(id)) continue;
      this.profiles.install(id, readProfile(document), document.length * profileOverhead);
    }
    // A timer may name a profile that is gone.
    for (const id of wanted.profiles) this.profiles.install(id, undefined, absentWeight);
    for (const [index, { project, kind, value }] of wanted.identities.entries()) {
      const key = identityKey(project, kind, value);
      this.identities.install(key, found.identities[index] ?? undefined, identityWeight + key.length);
    }
    for (const [index, key] of wanted.records.entries()) {
      const text = found.records[index];
      const record = typeof text === 'string' ? readRecord(text) : undefined;
      this.records.install(key, record, key.length + (record === undefined ? 60 : weighRecord(record)));
    }
    for (const project of wanted.contents) {
      const rows = found.contents.filter((row) => row.project === project);
      const content = readContent(rows.map(({ part, document }) => [part, document]));
      this.contents.install(project, content, contentWeight + weighContent(content) * contentOverhead);
    }
    this.behind.found(wanted.behind);
  }

  /** `group` and later ones were refused; `rows` are the profiles they would have written. */
  forgetSince(group: number, rows: readonly Profile[]): void {
    const forgotten = this.profiles.forgetSince(group);
    this.identities.forgetSince(group);
    this.records.forgetSince(group);
    this.contents.forgetSince(group);
    this.behind.refused(rows, forgotten);
  }

  /** Keeps the caches within `weightMax` together; what groups after `storedGroup` changed stays. */
  sweep(weightMax: number, storedGroup: number): void {
    // A record is asked for again only by a repeat, mostly soon or never.
    this.records.sweep(weightMax / recordsShare, storedGroup);
    this.contents.sweep(weightMax / contentsShare, storedGroup);
    const rest = weightMax - this.records.weight - this.contents.weight;
    const weight = this.profiles.weight + this.identities.weight;
    if (weight <= rest) return;
    for (const cache of [this.profiles, this.identities])
      cache.sweep((cache.weight * rest) / weight, storedGroup);
  }
}

/** What has to be read, each once. */
export class Wants {
  readonly identities = new Map<string, IdentityKey>();
  readonly profiles = new Set<ProfileId>();
  readonly records = new Set<string>();
  readonly contents = new Set<ProjectId>();

  get empty(): boolean {
    const { identities, profiles, records, contents } = this;
    return identities.size + profiles.size + records.size + contents.size === 0;
  }

  /** Takes out what `asked` is already asking for. */
  without(asked: Wants): this {
    for (const key of asked.identities.keys()) this.identities.delete(key);
    for (const id of asked.profiles) this.profiles.delete(id);
    for (const key of asked.records) this.records.delete(key);
    for (const project of asked.contents) this.contents.delete(project);
    return this;
  }

  /** `lost`: profiles that are read in any case, with the lines that their rows lack. */
  toWanted(lost: ReadonlySet<ProfileId>): Wanted {
    for (const id of lost) this.profiles.add(id);
    return {
      identities: [...this.identities.values()],
      profiles: [...this.profiles],
      records: [...this.records],
      contents: [...this.contents],
      behind: [...lost],
    };
  }
}
