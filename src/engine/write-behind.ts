import type { EventId, ProfileId } from '../core/ids.ts';
import type { Profile } from '../core/profile.ts';
import type { Cache } from './cache.ts';
import { behindLinesMax, behindShare, rowsBytesMax } from './limits.ts';
import { StoreFullError } from './store.ts';

/** Rows of the store that a group writes, and what is true of all rows then. */
export interface Rows {
  readonly profiles: readonly Profile[];
  /** No line up to this one is missing in any row; undefined: as before. */
  readonly upTo: EventId | undefined;
}

/** Profiles on their way to their rows, in the order of the table, so that neighbours on a page are written at once. */
interface Pass {
  readonly waiting: Set<Profile>;
  readonly rest: Iterator<Profile>;
  /** The newest line when it began: every row holds the lines up to here when it ends. */
  readonly upTo: EventId;
}

/** Who waits for all rows to hold the lines up to one. */
interface Waiting {
  readonly upTo: EventId;
  resolve(): void;
  reject(reason: unknown): void;
}

/** At least this many rows with each group, so that a pass ends also when little is changed meanwhile. */
const rowsMin = 8;
/** The same while somebody waits for the rows. Whoever comes meanwhile waits for them, so they take a few milliseconds only. */
const rowsWhenWanted = 128;

/**
 * Which profiles' rows lag behind their lines. Lines are on disk before anybody is answered; the row of a profile
 * follows later, so that a busy profile is written once for many changes, and pages once for many profiles. A pass
 * begins when much has gathered, writes a few rows with each group, and ends with the note that all lines up to its
 * beginning are in the rows: from there a restart folds the lines onto them.
 *
 * What is behind stays in memory (`Cache.keep`). Profiles are *lost* when a group is refused: forgotten in memory and
 * behind on disk. They are read again with their lines before the next pass, so that no line is skipped.
 */
export class WriteBehind {
  readonly #cache: Cache<ProfileId, Profile>;
  readonly #bytesMax: number;
  #behind = new Set<Profile>();
  #bytes = 0;
  #added = 0;
  #pass: Pass | undefined;
  #lastPass: EventId;
  #isWanted = false;
  #waiting: Waiting[] = [];
  #broken: Error | undefined;
  readonly lost = new Set<ProfileId>();

  constructor(cache: Cache<ProfileId, Profile>, options: { lastEvent: EventId; cacheBytes: number }) {
    this.#cache = cache;
    this.#bytesMax = options.cacheBytes / behindShare;
    this.#lastPass = options.lastEvent;
  }

  /** True when some row is behind its profile. */
  get any(): boolean {
    return this.#behind.size > 0 || this.#pass !== undefined || this.lost.size > 0;
  }

  /**
   * Has a pass begin soon. Resolves when all rows on disk hold the lines up to this one; rejects when they cannot be
   * written.
   */
  want(upTo: EventId): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#isWanted = true;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ upTo, resolve, reject });
    return promise;
  }

  /** A group is on disk, with what it said of all rows. */
  stored(upTo: EventId | undefined): void {
    if (upTo === undefined || this.#waiting.length === 0) return;
    for (const it of this.#waiting) if (it.upTo <= upTo) it.resolve();
    this.#waiting = this.#waiting.filter((it) => it.upTo > upTo);
  }

  /** No row will be written any more. */
  giveUp(error: unknown): void {
    this.#broken = new Error('The store is broken', { cause: error });
    this.#rejectWaiting(this.#broken);
  }

  #rejectWaiting(reason: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** There is a pass to begin or to go on with although nothing else happens. */
  get isWanted(): boolean {
    return this.#isWanted || this.#waiting.length > 0;
  }

  /** The profile has changed, and only lines say so. */
  add(profile: Profile): void {
    if (this.#behind.has(profile)) return;
    this.#behind.add(profile);
    this.#bytes += profile.size;
    this.#added += 1;
  }

  /** The profile is gone, and so is its row. */
  drop(profile: Profile): void {
    this.#behind.delete(profile);
    this.#pass?.waiting.delete(profile);
  }

  /**
   * The rows that `group` writes: those it must (`due`) and some that are behind. The group's newest line is
   * `lastEvent`. `isIdle`: it has nothing else to write, and nothing shall be behind any more.
   */
  rowsOf(group: number, due: Iterable<Profile>, lastEvent: EventId, isIdle = false): Rows {
    const rows = new Set(due);
    for (const profile of rows) {
      this.#behind.delete(profile);
      this.#pass?.waiting.delete(profile);
    }
    if (this.#pass === undefined && (isIdle || this.#isMuch(lastEvent))) this.#begin(lastEvent);
    const upTo = this.#pass === undefined ? undefined : this.#go(this.#pass, rows, isIdle);
    this.#added = 0;
    for (const profile of rows) this.#cache.keep(profile.id, group);
    return { profiles: [...rows], upTo };
  }

  /** A group was refused: its rows were not written, and these profiles are not in memory any more. */
  refused(rows: Iterable<Profile>, forgotten: Iterable<ProfileId>): void {
    for (const id of forgotten) this.lost.add(id);
    const pending = [...this.#behind, ...(this.#pass?.waiting ?? []), ...rows];
    this.#pass = undefined;
    this.#behind.clear();
    this.#bytes = 0;
    for (const profile of pending) this.#putBack(profile);
    this.#rejectWaiting(new StoreFullError('There is no room for rows'));
  }

  /** Profiles that were lost have been read, each with all its lines; those that never were stored are gone. */
  found(lost: Iterable<ProfileId>): void {
    for (const id of lost) {
      this.lost.delete(id);
      const profile = this.#cache.get(id);
      if (profile !== undefined) this.#putBack(profile);
    }
  }

  #putBack(profile: Profile): void {
    if (this.#cache.get(profile.id) !== profile) return;
    this.#cache.keep(profile.id, Number.POSITIVE_INFINITY);
    this.add(profile);
  }

  #isMuch(lastEvent: EventId): boolean {
    return this.#isWanted || this.#bytes > this.#bytesMax || lastEvent - this.#lastPass > behindLinesMax;
  }

  #begin(lastEvent: EventId): void {
    if (this.lost.size > 0) return;
    const waiting = new Set([...this.#behind].sort((a, b) => a.id - b.id));
    this.#pass = { waiting, rest: waiting.values(), upTo: lastEvent };
    this.#behind = new Set();
    this.#bytes = 0;
    this.#isWanted = false;
  }

  /** Adds the next rows of a pass; gives its position when it has ended. */
  #go(pass: Pass, rows: Set<Profile>, isIdle: boolean): EventId | undefined {
    // Faster than new ones come, so that the pass ends before as much has gathered again.
    let left = Math.max(isIdle || this.isWanted ? rowsWhenWanted : rowsMin, this.#added * 2);
    let bytes = 0;
    for (; left > 0 && bytes < rowsBytesMax; left -= 1) {
      const next = pass.rest.next();
      if (next.done === true) break;
      const profile = next.value;
      pass.waiting.delete(profile);
      this.#behind.delete(profile);
      rows.add(profile);
      bytes += profile.size;
    }
    if (pass.waiting.size > 0) return undefined;
    this.#pass = undefined;
    this.#lastPass = pass.upTo;
    return pass.upTo;
  }
}
