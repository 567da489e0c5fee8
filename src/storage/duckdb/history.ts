import { Worker } from 'node:worker_threads';
import type { EventId } from '../../core/ids.ts';
import { type StoredLine, toLine } from '../../core/read-line.ts';
import type { History, Page, Sealing, WantedLines } from '../../engine/store.ts';
import { Calls } from './calls.ts';
import { makeFolders } from './folders.ts';
import { sealAgeMs, waitingLinesMax, waitingMsMax } from './limits.ts';
import type { QueryResult } from './query.ts';
import type { PageText } from './read-lines.ts';
import type { WorkerOptions, WorkerStatus } from './worker.ts';

export interface DuckHistoryOptions extends WorkerOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The newest line that is committed. */
  readonly lastEvent: () => EventId;
  /** The newest line that is in a file, or the id before the first line. */
  readonly sealedUpTo: () => EventId;
  /** The server has more urgent things to do: what is committed may wait in its blocks for a while. */
  readonly isBusy?: () => boolean;
  /** Makes a change of the files visible, in one transaction. */
  readonly seal: (sealing: Sealing) => Promise<void>;
}

/**
 * The history of the embedded store, on the main thread: it passes questions on to a thread of its own, which is started
 * when somebody asks for the first time, or when there is enough to be sealed.
 */
export class DuckHistory implements History {
  readonly #options: DuckHistoryOptions;
  #worker: Worker | undefined;
  #calls: Calls | undefined;
  #status: WorkerStatus | undefined;
  #ticking: Promise<WorkerStatus> | undefined;
  #isClosed = false;
  #waitingSinceMs: number | undefined;

  constructor(options: DuckHistoryOptions) {
    this.#options = options;
    makeFolders(options.folder);
  }

  async linesOf(wanted: WantedLines): Promise<Page> {
    const { text, isLast } = await this.#ask<PageText>('linesOf', wanted);
    const lines: StoredLine[] = JSON.parse(text);
    return { lines: lines.map(toLine), isLast };
  }

  /**
   * Answers one SELECT over the views `events`, `sessions`, `profiles` and `lines` (docs/operating/history.md) of all
   * projects; it sees every line committed before the call. At most 100,000 rows and 32 MB come back, within 30 s. It can
   * neither write nor open a file of its own choice. Rejects with an error named `QueryError` whose message is for
   * whoever wrote the SQL.
   */
  query(sql: string): Promise<QueryResult> {
    return this.#ask('query', sql);
  }

  /**
   * Takes in, seals and merges what is due; to be called about once a second. Starts the thread only when there is
   * something to seal, and leaves the machine to a busy server as long as not too much waits. Resolves to its status, or
   * to nothing while it has not started. Closing ends it early.
   */
  async tick(): Promise<WorkerStatus | undefined> {
    if (this.#isClosed || !this.#isDue()) return this.#status;
    this.#ticking ??= this.#ask<WorkerStatus>('tick', this.#options.clock()).finally(() => {
      this.#ticking = undefined;
      this.#waitingSinceMs = undefined;
    });
    this.#status = await this.#ticking;
    return this.#status;
  }

  #isDue(): boolean {
    const { clock, sealedUpTo, lastEvent, sealLines, isBusy } = this.#options;
    const waiting = lastEvent() - (this.#status?.upTo ?? sealedUpTo());
    if (waiting === 0) this.#waitingSinceMs = undefined;
    else this.#waitingSinceMs ??= clock();
    const waitedMs = clock() - (this.#waitingSinceMs ?? clock());
    if (this.#calls === undefined) return waiting >= sealLines || waitedMs >= sealAgeMs;
    return !isBusy?.() || waiting >= waitingLinesMax || waitedMs >= waitingMsMax;
  }

  /** Seals everything committed before the call, and merges what is due. */
  async settle(): Promise<WorkerStatus> {
    this.#status = await this.#ask<WorkerStatus>('settle', this.#options.clock());
    return this.#status;
  }

  /** How far it is behind, and what it holds; the latter is missing until its thread is needed. */
  get metrics(): HistoryMetrics {
    const { clock, lastEvent, sealedUpTo } = this.#options;
    const upTo = this.#status?.upTo ?? sealedUpTo();
    const waitingLines = lastEvent() - upTo;
    const atMs = this.#status?.atMs || (this.#waitingSinceMs ?? clock());
    const lagSeconds = waitingLines === 0 ? 0 : Math.max(0, clock() - atMs) / 1000;
    return { waitingLines, lagSeconds, status: this.#status };
  }

  /** Resolves when its thread is gone. What it was doing is taken up at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    // A thread that has failed is gone already.
    await Promise.all([this.#calls?.ask('close'), gone]).catch(() => undefined);
  }

  #ask<Result>(name: string, data: unknown): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new Error('The history is closed'));
    this.#calls ??= this.#start();
    return this.#calls.ask(name, data);
  }

  #start(): Calls {
    const { file, folder, sealLines, seal } = this.#options;
    const data: WorkerOptions = { file, folder, sealLines };
    const worker = new Worker(new URL('./history-thread.ts', import.meta.url), { workerData: data });
    const calls = new Calls(worker, { seal });
    const end = (error: Error) => {
      calls.close(error);
      // A thread that is gone does not come back by itself: the next question starts another.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#calls = undefined;
    };
    worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => end(new Error('The history thread has stopped')));
    this.#worker = worker;
    return calls;
  }
}

export interface HistoryMetrics {
  /** Committed and not yet taken in; before the thread has started: not yet sealed. */
  readonly waitingLines: number;
  /** Age of the newest line taken in, while others wait. */
  readonly lagSeconds: number;
  readonly status: WorkerStatus | undefined;
}
