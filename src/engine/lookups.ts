import type { ProjectId } from '../core/ids.ts';
import type { DayOfLookups, LookupStore } from './store.ts';

/**
 * Counts the users looked up by each API request (Leanplum contract 4.5), so that operators can compare with what they
 * used to pay for. Counts are stored by `flush`: a crash loses those since the last one, an orderly stop none.
 */
export class Lookups {
  readonly #store: LookupStore;
  readonly #total = new Map<string, DayOfLookups>();
  #unstored = new Map<string, DayOfLookups>();
  #flushing: Promise<void> | undefined;

  constructor(store: LookupStore, stored: readonly DayOfLookups[]) {
    this.#store = store;
    for (const each of stored) add(this.#total, each);
  }

  /** A request of this project, received at `receivedMs`, looked up so many different users. */
  count(project: ProjectId, receivedMs: number, users: number): void {
    if (users === 0) return;
    const counted = { project, day: new Date(receivedMs).toISOString().slice(0, 10), users };
    add(this.#total, counted);
    add(this.#unstored, counted);
  }

  /** All that was ever counted, in the order of days for each project. */
  days(): DayOfLookups[] {
    return [...this.#total.values()].sort((a, b) => a.project - b.project || (a.day < b.day ? -1 : 1));
  }

  /** Stores what was counted since the last time; one at a time. What could not be stored is tried again. */
  async flush(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    const counts = this.#unstored;
    if (counts.size === 0) return;
    this.#unstored = new Map();
    this.#flushing = this.#store.addLookups([...counts.values()]).catch((error) => {
      for (const each of counts.values()) add(this.#unstored, each);
      throw error;
    });
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }
}

function add(counts: Map<string, DayOfLookups>, { project, day, users }: DayOfLookups): void {
  const key = `${project} ${day}`;
  counts.set(key, { project, day, users: users + (counts.get(key)?.users ?? 0) });
}
