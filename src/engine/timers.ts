import type { Batch, BatchResult } from './batch.ts';
import { dueTimersMax } from './limits.ts';
import type { StateStore, Timer } from './store.ts';

export interface TimersOptions {
  readonly store: Pick<StateStore, 'dueTimers'>;
  readonly engine: { submit(batch: Batch): Promise<BatchResult> };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Turns due times into commands (design D3): a due timer is a *time passed* command that takes its place in the order
 * like any other. It stays in the store until its group is on disk, so it is never lost and may come twice; the rule
 * knows one that is done with.
 */
export class Timers {
  readonly #options: TimersOptions;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  /**
   * Lets in everything that is due, a bounded batch after the other: the next is only submitted when the one before is
   * on disk, so that after a downtime others wait for one of them at most. Resolves when nothing is due any more, or when
   * a batch was refused: then the next run goes on. Rejects when the store cannot be read.
   */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing is under way any more, and nothing begins again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { store, clock } = this.#options;
    while (!this.#stopped) {
      const due = await store.dueTimers(Math.floor(clock()), dueTimersMax);
      if (due.length === 0 || !(await this.#letIn(due)) || due.length < dueTimersMax) return;
    }
  }

  /** One batch for each project; answers whether all were stored. */
  async #letIn(due: readonly Timer[]): Promise<boolean> {
    for (const [project, timers] of Map.groupBy(due, (it) => it.project)) {
      const items = timers.map(({ profile, dueMs }) => ({
        command: { kind: 'pass_time', ids: [], create: false, profile, dueMs } as const,
      }));
      const { code } = await this.#options.engine.submit({ project, items, bytes: 0 });
      if (code !== 'done') return false;
    }
    return true;
  }
}
