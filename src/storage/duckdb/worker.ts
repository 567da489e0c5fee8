import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EventId } from '../../core/ids.ts';
import type { Sealing, WantedLines } from '../../engine/store.ts';
import { Contents } from './contents.ts';
import { erasuresTable } from './erasures.ts';
import { Intake } from './intake.ts';
import { eraseAfterMs, retryAfterMs, sealAgeMs } from './limits.ts';
import { openDuck } from './open.ts';
import { Query, type QueryResult } from './query.ts';
import { BlockReader } from './read-blocks.ts';
import { type PageText, readLines } from './read-lines.ts';
import { findMerge, Sealer } from './sealer.ts';
import { Slots } from './slots.ts';

export interface WorkerOptions {
  /** The embedded store's database. */
  readonly file: string;
  /** Where the history's files are. */
  readonly folder: string;
  /** How many lines are taken in before they are sealed. */
  readonly sealLines: number;
}

/** What the worker has done, for metrics. */
export interface WorkerStatus {
  /** All committed lines up to here were taken in. */
  readonly upTo: EventId;
  /** When the newest of them was committed, milliseconds; 0 when there was none since the start. */
  readonly atMs: number;
  readonly recentLines: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly fileRows: number;
  /** Why sealing or merging does not work at the moment. */
  readonly problem: string | undefined;
}

/**
 * The history, inside its thread. A line's life: committed in a *block*; taken into a *recent* table; *sealed* into a
 * file per project and day, when there are enough of them or the oldest is old enough; *merged* with other files of its
 * day. At each of these steps it is in the history once: a reader sees one table or one file that holds it, and after a
 * crash the database says which files count and from where on blocks do.
 */
export class HistoryWorker {
  readonly #folder: string;
  readonly #contents: Contents;
  readonly #intake: Intake;
  readonly #blocks: BlockReader;
  readonly #sealer: Sealer;
  readonly #reads: Slots;
  readonly #query: Query;
  #nowMs = 0;
  #isClosed = false;
  #sealing: Promise<void> | undefined;
  #merging: Promise<void> | undefined;
  #retryAtMs = 0;
  #problem: string | undefined;

  private constructor(parts: {
    folder: string;
    contents: Contents;
    blocks: BlockReader;
    startIntake: (onFull: () => Promise<void>) => Intake;
    sealer: Sealer;
    reads: Slots;
    query: Query;
  }) {
    this.#folder = parts.folder;
    this.#contents = parts.contents;
    this.#blocks = parts.blocks;
    this.#sealer = parts.sealer;
    this.#reads = parts.reads;
    this.#query = parts.query;
    this.#intake = parts.startIntake(() => this.#makeRoom());
  }

  /** Opens the history as the last process left it: what nobody names is removed, blocks not sealed are taken in. */
  static async open(
    { file, folder, sealLines }: WorkerOptions,
    seal: (sealing: Sealing) => Promise<void>,
  ): Promise<HistoryWorker> {
    const blocks = new BlockReader(file);
    const { segments, position } = blocks.sealed();
    removeUnnamed(folder, new Set(segments.map((it) => it.file)));
    const database = await openDuck(folder);
    const connection = await database.connect();
    await connection.run(erasuresTable);
    const contents = new Contents(folder, connection, segments);
    let newest = 0;
    // An erasure is committed with the line that says so: who may read that line finds nothing of what is erased.
    const onTaken = async () => {
      const erasures = blocks.pendingErasures(newest);
      newest = erasures.at(-1)?.id ?? newest;
      await contents.addErasures(erasures);
    };
    const startIntake = await Intake.prepare({ blocks, connection, contents, position, sealLines, onTaken });
    await onTaken();
    return new HistoryWorker({
      folder,
      contents,
      blocks,
      startIntake,
      sealer: new Sealer({ folder, connection: await database.connect(), contents, seal }),
      reads: await Slots.open(database),
      query: await Query.open(database, blocks),
    });
  }

  get status(): WorkerStatus {
    const { tables, segments } = this.#contents;
    return {
      upTo: this.#intake.upTo,
      atMs: this.#intake.atMs,
      recentLines: tables.reduce((sum, it) => sum + it.lines, 0),
      files: segments.length,
      fileBytes: segments.reduce((sum, it) => sum + it.bytes, 0),
      fileRows: segments.reduce((sum, it) => sum + it.rows, 0),
      problem: this.#problem,
    };
  }

  /** See `History.linesOf`; as one list of JSON, since an object costs more than its text on the way to another thread. */
  async linesOf(wanted: WantedLines): Promise<PageText> {
    if (wanted.upTo > this.#intake.upTo) await this.#takeInAll();
    return this.#contents.use((snapshot) => readLines(this.#reads, this.#folder, wanted, snapshot));
  }

  /** See `DuckHistory.query`. */
  async query(sql: string): Promise<QueryResult> {
    await this.#takeInAll();
    return this.#contents.use(() => this.#query.run(sql));
  }

  /** Takes in what is committed, and seals and merges what is due. Called from time to time. Closing cuts it short. */
  async tick(nowMs: number): Promise<WorkerStatus> {
    this.#nowMs = nowMs;
    await this.#intake.run();
    if (this.#isClosed) return this.status;
    const { sinceMs } = this.#intake.table;
    if (sinceMs !== undefined && nowMs - sinceMs >= sealAgeMs)
      await this.#intake.between(() => this.#rotate());
    this.#startSeal();
    this.#startErasing(eraseAfterMs);
    this.#startMerge();
    return this.status;
  }

  /** Seals everything committed before the call, and does all erasures and merges then. Rejects when that fails. */
  async settle(nowMs: number): Promise<WorkerStatus> {
    this.#nowMs = nowMs;
    this.#retryAtMs = 0;
    await this.#takeInAll();
    await this.#intake.between(() => this.#rotate());
    this.#startSeal();
    await this.#sealing;
    await this.#merging;
    this.#startErasing(0);
    await this.#merging;
    for (this.#startMerge(); this.#merging !== undefined; this.#startMerge()) await this.#merging;
    await this.#contents.settled();
    if (this.#problem !== undefined) throw new Error(this.#problem);
    return this.status;
  }

  /**
   * Ends what is running, and resolves when nothing runs any more: a thread that is ended in the middle of a call of
   * DuckDB takes the process with it. Nothing is lost, the next start goes on.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = Promise.all([this.#intake.stop(), this.#contents.close()]);
    this.#query.interrupt();
    this.#sealer.interrupt();
    await closed;
    await Promise.all([this.#sealing, this.#merging]);
    await this.#contents.close();
  }

  /** For who needs everything that is committed: closing cuts taking in short, and a part of it is no answer. */
  async #takeInAll(): Promise<void> {
    await this.#intake.run();
    if (this.#isClosed) throw new Error('The history is closing');
  }

  /** The table that takes in is full. One table is sealed while the next one fills; a third waits for it. */
  async #makeRoom(): Promise<void> {
    await this.#sealing;
    if (this.#nowMs < this.#retryAtMs) return;
    await this.#rotate();
    this.#startSeal();
  }

  #rotate(): Promise<void> {
    return this.#intake.rotate();
  }

  #startSeal(): void {
    if (this.#isClosed || this.#sealing !== undefined || this.#nowMs < this.#retryAtMs) return;
    const waiting = this.#contents.tables.filter((it) => it !== this.#intake.table);
    if (waiting.length === 0) return;
    this.#sealing = this.#attempt(async () => {
      for (const table of waiting) await this.#sealer.seal(table);
    }).finally(() => {
      this.#sealing = undefined;
    });
  }

  /** Erasures whose lines are all in files and in no block any more, once the oldest has waited long enough. */
  #startErasing(afterMs: number): void {
    if (this.#isClosed || this.#merging !== undefined || this.#nowMs < this.#retryAtMs) return;
    const ready = this.#contents.erasures.filter((it) => !this.#blocks.holdsUpTo(it.upTo));
    const [oldest] = ready;
    if (oldest === undefined || this.#nowMs - oldest.atMs < afterMs) return;
    this.#merging = this.#attempt(async () => {
      await this.#sealer.erase(ready, this.#nowMs);
      await this.#intake.between(() => this.#contents.removeErasures(ready));
    }).finally(() => {
      this.#merging = undefined;
    });
  }

  #startMerge(): void {
    if (this.#isClosed || this.#merging !== undefined || this.#nowMs < this.#retryAtMs) return;
    const files = findMerge(this.#contents.segments, this.#nowMs);
    if (files === undefined) return;
    this.#merging = this.#attempt(() => this.#sealer.merge(files)).finally(() => {
      this.#merging = undefined;
    });
  }

  /** Nothing is lost when it fails (mostly there is no room): tables, blocks and files stay, and it is tried again. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#problem = undefined;
    } catch (error) {
      // Closing interrupts it.
      if (this.#isClosed) return;
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#retryAtMs = this.#nowMs + retryAfterMs;
    }
  }
}

/** What a crash left behind: files that were being written, or were about to be deleted, and temporary ones. */
function removeUnnamed(folder: string, named: ReadonlySet<string>): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isNamed = named.has(path.slice(folder.length + 1));
    if (entry.isFile() && !isNamed) rmSync(path);
  }
}
