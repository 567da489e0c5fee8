import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { BackupMessage, BackupThreadData } from './backup-thread.ts';

/** Ended backups that are remembered, so that whoever waits for one hears how it ended. */
const rememberedMax = 20;

/** A backup that was asked for. */
export interface Backup {
  readonly id: string;
  readonly folder: string;
  readonly startedMs: number;
  state: 'running' | 'done' | 'failed';
  step: string;
  doneBytes: number;
  totalBytes: number;
  endedMs: number | null;
  problem: string | null;
}

export interface BackupsOptions {
  readonly dataFolder: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A bug met a backup. */
  readonly onError: (error: unknown) => void;
}

/** Makes copies of the data folder while the server works: one at a time, in a thread of its own. */
export class Backups {
  readonly #options: BackupsOptions;
  readonly #backups = new Map<string, Backup>();
  #worker: Worker | undefined;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** Starts one; undefined while another is being made. */
  start(folder: string): Backup | undefined {
    if (this.#worker !== undefined) return undefined;
    const { dataFolder, version, clock } = this.#options;
    const nowMs = Math.floor(clock());
    const backup: Backup = {
      id: randomUUID(),
      folder,
      startedMs: nowMs,
      state: 'running',
      step: 'copying',
      doneBytes: 0,
      totalBytes: 0,
      endedMs: null,
      problem: null,
    };
    this.#remember(backup);
    const data: BackupThreadData = { dataFolder, target: folder, nowMs, version };
    const worker = new Worker(new URL('./backup-thread.ts', import.meta.url), { workerData: data });
    this.#worker = worker;
    worker.on('message', (message: BackupMessage) => this.#take(backup, message));
    worker.on('error', (error) => this.#fail(backup, error));
    worker.on('exit', () => {
      this.#worker = undefined;
      if (backup.step !== 'done') backup.problem ??= 'the server stopped';
      backup.state = backup.problem === null ? 'done' : 'failed';
      backup.endedMs = Math.floor(clock());
    });
    return backup;
  }

  find(id: string): Backup | undefined {
    return this.#backups.get(id);
  }

  /** Breaks off what is being made: it stays without a manifest, so it is no backup. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #take(backup: Backup, message: BackupMessage): void {
    if ('progress' in message) Object.assign(backup, message.progress);
    else if (message.problem.isExpected) backup.problem = message.problem.message;
    else this.#fail(backup, new Error(message.problem.message));
  }

  #fail(backup: Backup, error: unknown): void {
    this.#options.onError(error);
    backup.problem = `it met a bug: ${(error as Error).message}`;
  }

  #remember(backup: Backup): void {
    this.#backups.set(backup.id, backup);
    const [oldest] = this.#backups.keys();
    if (this.#backups.size > rememberedMax && oldest !== undefined) this.#backups.delete(oldest);
  }
}
