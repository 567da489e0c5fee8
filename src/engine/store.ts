import type { EventId, IdentityId, ProfileId, ProjectId } from '../core/ids.ts';
import type { Line } from '../core/line.ts';
import type { IdentityKind } from '../core/profile.ts';

/** What the engine needs of a store of states. Implementations: storage/sqlite. */
export interface StateStore {
  /**
   * Reads ids, profiles and idempotency records from one snapshot that holds at least every commit resolved before
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

  /**
   * Hashes (`hashKey`) of the keys of some idempotency records, in the order of the keys, from the first one behind
   * `after` on ('' : from the beginning). `next` goes on; undefined: that was all.
   */
  recordHashes(after: string): Promise<{ readonly hashes: Int32Array; readonly next: string | undefined }>;

  /** The newest id any stored line has. */
  lastEvent(): EventId;
}

/** What reads of a profile's past need. Implementations: storage/sqlite (recent lines from the blocks). */
export interface History {
  /** The lines of `profiles` (`historyOf`: one and its parts) up to and including `upTo`, oldest first. */
  linesOf(project: ProjectId, profiles: readonly ProfileId[], upTo: EventId): Promise<readonly Line[]>;
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
}

export interface Found {
  /** Parallel to `Wanted.identities`; null where nobody has the id. */
  readonly identities: readonly (ProfileId | null)[];
  /** Documents of the wanted profiles and of those the identities name, each once. */
  readonly profiles: readonly ProfileRow[];
  /** Parallel to `Wanted.records`; null where there is none. */
  readonly records: readonly (string | null)[];
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
  /** Profiles that are part of another one now; their ids are among `identities`. */
  readonly removed: readonly ProfileId[];
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
