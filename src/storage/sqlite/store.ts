import { openSync } from 'node:fs';
import type { EventId, ProjectId } from '../../core/ids.ts';
import { firstEventId } from '../../core/ids.ts';
import type { ProjectChange, ProjectStore, ProjectsChanged, StoredKey } from '../../engine/project-store.ts';
import {
  type DayOfLookups,
  type ErasureReceipt,
  type ErasureStore,
  type Found,
  type LookupStore,
  type SealedPosition,
  type Sealing,
  type StateStore,
  StoreFullError,
  type Timer,
  type Wanted,
  type WriteSet,
} from '../../engine/store.ts';
import { SqliteCatalogs } from './catalogs/catalogs.ts';
import type { CatalogWork, CatalogWorkResult } from './catalogs/change.ts';
import { isFull } from './full.ts';
import type { RecordHashes } from './idempotency.ts';
import {
  type PackedFound,
  type PackedTimers,
  packWanted,
  packWriteSet,
  unpackFound,
  unpackTimers,
} from './message.ts';
import { openReader } from './open.ts';
import type { ReaderRequest, ReaderResult } from './reader-thread.ts';
import { readSealedPosition } from './seal-blocks.ts';
import { Thread, ThreadError } from './thread.ts';
import type { WriterRequest, WriterResult } from './writer-thread.ts';

/**
 * The WAL is copied into the database when about this much was written to it, so it stays near this size. The larger,
 * the more often a page is overwritten in it before it is copied once, and the longer commits are held up by that.
 */
const walBytesMax = 16 * 1024 * 1024;

/**
 * The embedded store: one SQLite file. One thread writes, one reads states, one copies the WAL; this object, on the main
 * thread, only passes messages.
 */
export class SqliteStore implements StateStore, LookupStore, ErasureStore, ProjectStore {
  readonly #onBroken: (error: unknown) => void;
  readonly #writer: Thread<WriterRequest, WriterResult>;
  readonly #reader: Thread<ReaderRequest, ReaderResult>;
  readonly #checkpointer: Thread<'checkpoint', void>;
  readonly catalogs: SqliteCatalogs;
  /** Where it is, for threads that read beside it. */
  readonly file: string;
  #lastEvent: EventId;
  #sealed: SealedPosition | undefined;
  #pruning: Promise<void> | undefined;
  #refusals = 0;
  #walBytes = 0;
  #checkpointing: Promise<void> | undefined;

  /**
   * `file` has the current schema (see `migrate`). `onBroken` hears of I/O errors outside commits and state reads, whose
   * callers hear of them anyway: they too mean that the process must stop.
   */
  constructor(file: string, onBroken: (error: unknown) => void = () => undefined) {
    this.#onBroken = onBroken;
    this.file = file;
    const { lastEvent, sealed } = readPositions(file);
    this.#lastEvent = lastEvent;
    this.#sealed = sealed;
    this.#writer = new Thread(new URL('./writer-thread.ts', import.meta.url), { file });
    this.#reader = new Thread(new URL('./reader-thread.ts', import.meta.url), { file });
    // Open for as long as the process lives: closing it would release the locks of all connections to the file.
    const databaseFd = openSync(file, 'r+');
    const checkpointer = new URL('./checkpoint-thread.ts', import.meta.url);
    this.#checkpointer = new Thread(checkpointer, { file, databaseFd });
    const askWriter = async (work: CatalogWork, bytes: number) => {
      const asked = this.#writer.ask({ do: 'catalogs', work });
      await this.#aside(asked);
      this.#wrote(bytes);
      return (await asked) as CatalogWorkResult;
    };
    this.catalogs = new SqliteCatalogs(file, askWriter, onBroken);
  }

  lastEvent(): EventId {
    return this.#lastEvent;
  }

  async read(wanted: Wanted): Promise<Found> {
    return unpackFound((await this.#reader.ask({ do: 'read', wanted: packWanted(wanted) })) as PackedFound);
  }

  async recordHashes(after: string): Promise<RecordHashes> {
    return (await this.#reader.ask({ do: 'hash', after })) as RecordHashes;
  }

  async dueTimers(beforeMs: number, max: number): Promise<readonly Timer[]> {
    return unpackTimers((await this.#reader.ask({ do: 'timers', beforeMs, max })) as PackedTimers);
  }

  async commit(group: WriteSet): Promise<void> {
    const since = this.#refusals;
    try {
      const request = { do: 'commit', group: packWriteSet(group), since } as const;
      const bytes = (await this.#writer.ask(request)) as number;
      for (const { lastEvent } of group.blocks) if (lastEvent > this.#lastEvent) this.#lastEvent = lastEvent;
      this.#wrote(bytes);
    } catch (error) {
      if (!(error instanceof ThreadError) || !isFull(error.sqliteCode)) throw error;
      // Counted once for all groups that were under way together.
      if (this.#refusals === since) this.#refusals += 1;
      throw new StoreFullError(error.message);
    }
  }

  /** Resolves when a small write is on disk; rejects with `StoreFullError` when there is no room for it. */
  probe(nowMs: number): Promise<void> {
    return this.#aside(this.#writer.ask({ do: 'probe', nowMs }));
  }

  /** Removes a slice of the idempotency records older than `beforeMs`. Rejects like `probe`. */
  expireRecords(beforeMs: number): Promise<void> {
    return this.#aside(this.#writer.ask({ do: 'expire', beforeMs }));
  }

  async changeProjects(change: ProjectChange, nowMs: number): Promise<ProjectsChanged> {
    const changed = this.#writer.ask({ do: 'projects', change, nowMs });
    await this.#aside(changed);
    return changed as Promise<ProjectsChanged>;
  }

  async keysOf(project: ProjectId): Promise<readonly StoredKey[]> {
    const keys = this.#writer.ask({ do: 'keys', project });
    await this.#aside(keys);
    return keys as Promise<readonly StoredKey[]>;
  }

  async erasures(max: number): Promise<readonly ErasureReceipt[]> {
    const receipts = this.#writer.ask({ do: 'erasures', max });
    await this.#aside(receipts);
    return receipts as Promise<readonly ErasureReceipt[]>;
  }

  /** Rejects like `probe`. */
  addLookups(days: readonly DayOfLookups[]): Promise<void> {
    return this.#aside(this.#writer.ask({ do: 'lookups', days }));
  }

  /** How far the blocks are sealed into files; undefined before the first time. */
  get sealed(): SealedPosition | undefined {
    return this.#sealed;
  }

  /** Makes a change of the sealed files visible, in one transaction. Rejects like `probe`. */
  async seal(sealing: Sealing): Promise<void> {
    await this.#aside(this.#writer.ask({ do: 'seal', sealing }));
    if (sealing.position !== undefined) this.#sealed = sealing.position;
  }

  /** Removes the blocks that are sealed and that no row of a profile needs, in small steps between the commits. Rejects like `probe`. */
  prune(): Promise<void> {
    this.#pruning ??= this.#pruneAll().finally(() => {
      this.#pruning = undefined;
    });
    return this.#pruning;
  }

  async #pruneAll(): Promise<void> {
    for (;;) {
      const asked = this.#writer.ask({ do: 'prune' });
      await this.#aside(asked);
      const bytes = (await asked) as number;
      this.#walBytes += bytes;
      if (bytes === 0) return;
    }
  }

  /** The WAL grew by about so many bytes. */
  #wrote(bytes: number): void {
    this.#walBytes += bytes;
    if (this.#walBytes > walBytesMax) this.#checkpointing ??= this.#checkpoint();
  }

  async close(): Promise<void> {
    await this.catalogs.close();
    await this.#checkpointing;
    await this.#pruning?.catch(() => undefined);
    await Promise.all([this.#writer, this.#reader, this.#checkpointer].map((it) => it.stop()));
  }

  /**
   * The thread copies the bulk while commits go on; then the writer, between two commits, copies the rest. Only when
   * all is copied the WAL starts over instead of growing. A full disk is no failure here: the WAL keeps everything.
   */
  async #checkpoint(): Promise<void> {
    this.#walBytes = 0;
    try {
      await this.#aside(this.#checkpointer.ask('checkpoint'));
      await this.#aside(this.#writer.ask({ do: 'checkpoint' }));
    } catch (error) {
      // Without the thread the WAL would grow for ever. After any other error the next one tries again.
      if (!(error instanceof StoreFullError || error instanceof ThreadError)) this.#onBroken(error);
    } finally {
      this.#checkpointing = undefined;
    }
  }

  /** Waits for work beside the commits, and sorts its errors: no room, a broken disk, a bug of ours. */
  async #aside(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      if (isFull(error.sqliteCode)) throw new StoreFullError(error.message);
      if (error.isOfDisk) this.#onBroken(error);
      throw error;
    }
  }
}

/** More blocks than one commit can have: a commit's blocks are the newest by id, but not in the order of `last_id`. */
const newestBlocks = 5_000;

function readPositions(file: string): { lastEvent: EventId; sealed: SealedPosition | undefined } {
  const database = openReader(file);
  try {
    const row = database
      .prepare(
        `SELECT max(last_id) AS last FROM (SELECT last_id FROM blocks ORDER BY id DESC LIMIT ${newestBlocks})`,
      )
      .get() as { last: number | null };
    const sealed = readSealedPosition(database);
    // All blocks may be gone by now, but never their ids.
    const lastEvent = Math.max(row.last ?? firstEventId, sealed?.last ?? firstEventId) as EventId;
    return { lastEvent, sealed };
  } finally {
    database.close();
  }
}
