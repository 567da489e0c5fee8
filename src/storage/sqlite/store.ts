import type { EventId, ProfileId, ProjectId } from '../../core/ids.ts';
import { firstEventId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import {
  type Found,
  type History,
  type StateStore,
  StoreFullError,
  type Wanted,
  type WriteSet,
} from '../../engine/store.ts';
import { isFull } from './full.ts';
import type { LinesRequest } from './history-thread.ts';
import { type PackedFound, packWanted, packWriteSet, unpackFound } from './message.ts';
import { openReader } from './open.ts';
import type { RecordHashes } from './read-records.ts';
import type { ReaderRequest, ReaderResult } from './reader-thread.ts';
import { Thread, ThreadError } from './thread.ts';
import type { WriterRequest, WriterResult } from './writer-thread.ts';

/**
 * The WAL is copied into the database when about this much was written to it, so it stays near this size. The larger,
 * the more often a page is overwritten in it before it is copied once.
 */
const walBytesMax = 16 * 1024 * 1024;

/**
 * The embedded store: one SQLite file. One thread writes, one reads states, one copies the WAL, one reads the past;
 * this object, on the main thread, only passes messages.
 */
export class SqliteStore implements StateStore, History {
  readonly #file: string;
  readonly #onBroken: (error: unknown) => void;
  readonly #writer: Thread<WriterRequest, WriterResult>;
  readonly #reader: Thread<ReaderRequest, ReaderResult>;
  readonly #checkpointer: Thread<'checkpoint', void>;
  /** Started when first needed. */
  #history: Thread<LinesRequest, Line[]> | undefined;
  #lastEvent: EventId;
  #refusals = 0;
  #walBytes = 0;
  #checkpointing: Promise<void> | undefined;

  /**
   * `file` has the current schema (see `migrate`). `onBroken` hears of I/O errors outside commits and state reads, whose
   * callers hear of them anyway: they too mean that the process must stop.
   */
  constructor(file: string, onBroken: (error: unknown) => void = () => undefined) {
    this.#file = file;
    this.#onBroken = onBroken;
    this.#lastEvent = readLastEvent(file);
    this.#writer = new Thread(new URL('./writer-thread.ts', import.meta.url), { file });
    this.#reader = new Thread(new URL('./reader-thread.ts', import.meta.url), { file });
    this.#checkpointer = new Thread(new URL('./checkpoint-thread.ts', import.meta.url), { file });
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

  async commit(group: WriteSet): Promise<void> {
    const since = this.#refusals;
    try {
      this.#walBytes += await this.#writer.ask({ do: 'commit', group: packWriteSet(group), since });
      for (const { lastEvent } of group.blocks) if (lastEvent > this.#lastEvent) this.#lastEvent = lastEvent;
      if (this.#walBytes > walBytesMax) this.#checkpointing ??= this.#checkpoint();
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

  async linesOf(project: ProjectId, profiles: readonly ProfileId[], upTo: EventId): Promise<readonly Line[]> {
    this.#history ??= new Thread(new URL('./history-thread.ts', import.meta.url), { file: this.#file });
    const lines = this.#history.ask({ project, profiles, upTo });
    try {
      await this.#aside(lines);
    } catch (error) {
      // A thread that is gone does not come back by itself.
      if (!(error instanceof ThreadError)) this.#history = undefined;
      throw error;
    }
    return lines;
  }

  async close(): Promise<void> {
    await this.#checkpointing;
    await Promise.all(
      [this.#writer, this.#reader, this.#checkpointer, this.#history].map((it) => it?.stop()),
    );
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
      if (error.sqliteCode !== undefined) this.#onBroken(error);
      throw error;
    }
  }
}

/** More blocks than one commit can have: a commit's blocks are the newest by id, but not in the order of `last_id`. */
const newestBlocks = 5_000;

function readLastEvent(file: string): EventId {
  const database = openReader(file);
  try {
    const row = database
      .prepare(
        `SELECT max(last_id) AS last FROM (SELECT last_id FROM blocks ORDER BY id DESC LIMIT ${newestBlocks})`,
      )
      .get() as { last: number | null };
    return (row.last ?? firstEventId) as EventId;
  } finally {
    database.close();
  }
}
