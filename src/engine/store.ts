import type { Erasure } from '../core/change.ts';
import type { ContentPart } from '../core/content/content.ts';
import type { EventId, IdentityId, ProfileId, ProjectId } from '../core/ids.ts';
import type { ErasureScope, Line } from '../core/line.ts';
import type { IdentityKind } from '../core/profile.ts';

/** What the engine needs of a store of states. Implementations: storage/sqlite. */
export interface StateStore {
  /**
   * Reads ids, profiles, idempotency records and contents of projects from one snapshot that holds at least every commit resolved before
   * the call. Keys nobody has are missing from the answer. A profile named by an id comes along.
   */
  read(wanted: Wanted): Promise<Found>;

  /**
   * Writes one group in one transaction; resolves when it is on disk (synced). Rejects with `StoreFullError` when
   * there is no room: then nothing of it is stored, and neither is anything handed over before the rejection was seen.
   * Rejects with any other error when the outcome is unknown: the process must stop and read the disk again.
   * Groups become visible in the order of the calls.
   */
  commit(group: WriteSet): Promise<void>;

  /** The timers due before `beforeMs`, the oldest first, at most `max`; at least as new as `read`. */
  dueTimers(beforeMs: number, max: number): Promise<readonly Timer[]>;

  /**
   * Hashes (`hashKey`) of the keys of some idempotency records, in no order, a key perhaps more than once; `after` is '' at
   * first and then the `next` of the call before. `next` undefined: that was all, but for records of commits meanwhile.
   */
  recordHashes(after: string): Promise<{ readonly hashes: Int32Array; readonly next: string | undefined }>;

  /** The newest id any stored line has. */
  lastEvent(): EventId;
}

/** At `dueMs`, server time, a profile has to be looked at: a session of it may have timed out (design D3). */
export interface Timer {
  readonly dueMs: number;
  readonly project: ProjectId;
  readonly profile: ProfileId;
}

/** What reads of the past need. Implementations: storage/duckdb. */
export interface History {
  /**
   * Lines of a user in the order asked for, at most `limit`, and fewer when they are large; everything committed before the
   * call is seen. A longer history is read page by page with `after`, so that nobody ever holds all of it: see `readPages`.
   */
  linesOf(wanted: WantedLines): Promise<Page>;
}

/** One page of lines. */
export interface Page {
  readonly lines: readonly Line[];
  /** Nothing comes behind it. A page that is short of its limit is not the last for that. */
  readonly isLast: boolean;
}

/** Lines asked of one History call; `linesPerReadMax` bounds `limit`. */
export interface WantedLines {
  readonly project: ProjectId;
  /** One profile and its parts (`historyOf`), at least one. */
  readonly profiles: readonly ProfileId[];
  /** Up to and including this line; later ones are not looked for. */
  readonly upTo: EventId;
  /** By the time at which it happened (ties by id), or by id, which is the order of apply. */
  readonly by: 'time' | 'id';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Only lines behind this one in the order asked for. */
  readonly after?: { readonly timeSec: number; readonly id: EventId };
  /** Only tracked events; with names, only those. */
  readonly events?: 'all' | readonly string[];
}

/** Lines in one page of a History read. */
export const linesPerReadMax = 1_000;
/**
 * Bytes of stored text in one page: it ends with the line that reaches them, so it has one at least. A line may have 800 KB, and
 * V8 takes no text of 512 MB; who answers with pages holds three of them at most.
 */
export const bytesPerReadMax = 8 * 1024 * 1024;

/** A sealed file of the history: lines of one project, received on one day (UTC). */
export interface Segment {
  /** Path below the history folder. */
  readonly file: string;
  readonly project: ProjectId;
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly fromId: EventId;
  readonly toId: EventId;
  readonly rows: number;
  readonly bytes: number;
  /** Least and greatest `timeSec` of its lines. */
  readonly minTimeSec: number;
  readonly maxTimeSec: number;
  /** About how many bytes the longest of its lines has, or more. */
  readonly longestLine: number;
  /** Hex. */
  readonly sha256: string;
}

/** Lines up to here are in segment files: those of all blocks whose first line is not after `block`. */
export interface SealedPosition {
  readonly block: EventId;
  /** The newest line of those blocks. */
  readonly last: EventId;
}

/** A change of which files make up the history; stored in one transaction. */
export interface Sealing {
  readonly add: readonly Segment[];
  /** Files whose lines are in `add` now. */
  readonly remove: readonly string[];
  /** Left out when lines only moved from file to file. */
  readonly position?: SealedPosition;
  /** Erased lines that are in no file any more. */
  readonly erased?: readonly ErasedLines[];
}

/** What became of an erasure of one profile (design D15). */
export interface ErasureReceipt {
  readonly id: number;
  readonly project: ProjectId;
  readonly profile: ProfileId;
  readonly scope: ErasureScope;
  readonly askedMs: number;
  /** Null: its lines are hidden, and not yet out of all files. */
  readonly doneMs: number | null;
  /** Files and lines that held something of it. */
  readonly files: number;
  readonly lines: number;
}

/** What operators need of a store. Implementations: storage/sqlite. */
export interface ErasureStore {
  /** The newest erasures, newest first. */
  erasures(max: number): Promise<readonly ErasureReceipt[]>;
}

/** How far an erasure has got. */
export interface ErasedLines {
  /** The erasure's row. */
  readonly erasure: number;
  /** Lines left out of the files that this change adds. */
  readonly lines: number;
  /** Set when no file and no block holds lines of it any more. */
  readonly doneMs: number | null;
}

/** Users that API calls of one project looked up on one day (UTC, `2026-11-23`). */
export interface DayOfLookups {
  readonly project: ProjectId;
  readonly day: string;
  readonly users: number;
}

/** What the counter needs of a store. Implementations: storage/sqlite. */
export interface LookupStore {
  /** Adds to what is stored; resolves when it is on disk. */
  addLookups(days: readonly DayOfLookups[]): Promise<void>;
}

export interface IdentityKey {
  readonly project: ProjectId;
  readonly kind: IdentityKind;
  readonly value: string;
}

export interface Wanted {
  readonly identities: readonly IdentityKey[];
  readonly profiles: readonly ProfileId[];
  readonly records: readonly string[];
  /** Profiles whose rows lag behind their lines: they are answered with all their lines. */
  readonly behind: readonly ProfileId[];
  /** Projects whose whole content is wanted. */
  readonly contents: readonly ProjectId[];
}

export interface Found {
  /** Parallel to `Wanted.identities`; null where nobody has the id. */
  readonly identities: readonly (ProfileId | null)[];
  /** Documents of the wanted profiles and of those the identities name, each once. */
  readonly profiles: readonly ProfileRow[];
  /** Parallel to `Wanted.records`; null where there is none. */
  readonly records: readonly (string | null)[];
  /** Every part that the wanted projects ever stored. */
  readonly contents: readonly ContentRow[];
}

/** One part of one project's content, as text. */
export interface ContentRow {
  readonly project: ProjectId;
  readonly part: ContentPart;
  readonly document: string;
}

export interface ProfileRow {
  readonly id: ProfileId;
  readonly document: string;
}

/** Everything one group changes, ready to be written: text, never objects that somebody has to walk again. */
export interface WriteSet {
  readonly nowMs: number;
  /** Not every profile that has new lines: rows may follow later (see `WriteBehind`). */
  readonly profiles: readonly {
    readonly id: ProfileId;
    readonly project: ProjectId;
    readonly document: string;
  }[];
  /** Profiles that nobody is any more; their ids are among `identities` or `detached`. */
  readonly removed: readonly ProfileId[];
  readonly erasures: readonly (Erasure & { readonly project: ProjectId })[];
  readonly identities: readonly (IdentityKey & { readonly id: IdentityId; readonly profile: ProfileId })[];
  /** Ids that nobody has any more. */
  readonly detached: readonly IdentityKey[];
  readonly blocks: readonly Block[];
  readonly records: readonly { readonly key: string; readonly document: string }[];
  /**
   * From this commit on the rows hold all lines up to this one; undefined: as before. When a store is opened, it brings
   * every row up to date with the lines after it.
   */
  readonly rowsUpTo: EventId | undefined;
  /** Set in addition to those that are there; the same one twice is one. */
  readonly timers: readonly Timer[];
  /** Timers that are done with; none of those set in the same group. */
  readonly doneTimers: readonly Timer[];
  /** Each takes the place of what the project had of that part. */
  readonly contents: readonly ContentRow[];
}

/** Lines of one project in the order of apply, one JSON text each, joined by line feeds. */
export interface Block {
  readonly project: ProjectId;
  readonly firstEvent: EventId;
  readonly lastEvent: EventId;
  readonly lines: number;
  readonly body: string;
}

/** The disk is full: nothing was written, and it may work again later. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}
