import {
  type Found,
  type StateStore,
  StoreFullError,
  type Wanted,
  type WriteSet,
} from '../../engine/store.ts';

/**
 * Where a call can be held: before the real store gets it, or after, when the real store has done its part and the
 * caller does not know yet.
 */
export type Step = 'read' | 'read_answer' | 'commit' | 'commit_answer';

interface Waiting {
  readonly step: Step;
  readonly detail: Wanted | WriteSet;
  readonly pass: () => void;
  readonly fail: (error: Error) => void;
}

/**
 * A real store whose calls are held, let through and failed on command. It stays within the port's contract: groups
 * reach the real store in order and are answered in order, and a group handed over before a refusal was seen is
 * refused as well.
 */
export class GatedStore implements StateStore {
  readonly #store: StateStore;
  readonly #held = new Set<Step>();
  #waiting: Waiting[] = [];
  /** Calls inside the real store. */
  readonly #running = new Set<Promise<unknown>>();
  #refusals = 0;
  #refusalsSeen = 0;
  #lastAnswer: Promise<unknown> = Promise.resolve();
  /** Calls since the start. */
  reads = 0;
  commits = 0;
  /** Groups handed over and not yet answered. */
  commitsInFlight = 0;

  constructor(store: StateStore) {
    this.#store = store;
  }

  lastEvent(): ReturnType<StateStore['lastEvent']> {
    return this.#store.lastEvent();
  }

  dueTimers(beforeMs: number, max: number): ReturnType<StateStore['dueTimers']> {
    return this.#run(() => this.#store.dueTimers(beforeMs, max));
  }

  async read(wanted: Wanted): Promise<Found> {
    this.reads += 1;
    await this.#gate('read', wanted);
    const found = await this.#run(() => this.#store.read(wanted));
    await this.#gate('read_answer', wanted);
    return found;
  }

  recordHashes(after: string): ReturnType<StateStore['recordHashes']> {
    return this.#run(() => this.#store.recordHashes(after));
  }

  commit(group: WriteSet): Promise<void> {
    this.commits += 1;
    this.commitsInFlight += 1;
    const answer = this.#commit(group, this.#refusalsSeen, this.#lastAnswer);
    this.#lastAnswer = answer.catch(() => undefined);
    return answer;
  }

  /** From now on calls wait at these steps. */
  hold(...steps: readonly Step[]): void {
    for (const step of steps) this.#held.add(step);
  }

  /** Lets through what waits at a step, and everything after it. */
  open(step: Step): void {
    this.#held.delete(step);
    while (this.waitingAt(step).length > 0) this.release(step);
  }

  /** Lets the oldest call that waits at a step through. */
  release(step: Step): void {
    this.#take(step).pass();
  }

  /** Fails the oldest call that waits at a step. A `StoreFullError` leaves nothing of a group in the store. */
  refuse(step: 'read' | 'commit', error: Error): void {
    this.#take(step).fail(error);
  }

  waitingAt(step: Step): readonly (Wanted | WriteSet)[] {
    return this.#waiting.filter((it) => it.step === step).map((it) => it.detail);
  }

  /** The steps at which something waits. */
  waitingSteps(): Step[] {
    return [...new Set(this.#waiting.map((it) => it.step))];
  }

  /** Resolves when nothing goes on any more without a release: the real store is idle and the caller had its turns. */
  async settle(): Promise<void> {
    for (let idleTurns = 0; idleTurns < 3; idleTurns += 1) {
      await turn();
      while (this.#running.size > 0) {
        await Promise.allSettled(this.#running);
        idleTurns = 0;
      }
    }
  }

  async #commit(group: WriteSet, refusalsSeen: number, before: Promise<unknown>): Promise<void> {
    const failure = await this.#hand(group, refusalsSeen);
    await before;
    await this.#gate('commit_answer', group);
    this.commitsInFlight -= 1;
    if (failure === undefined) return;
    // A turn of its own, so that nothing comes between this and the moment the caller sees it.
    await turn();
    // Counted once for all groups that were under way together.
    if (failure instanceof StoreFullError && this.#refusalsSeen === refusalsSeen) this.#refusalsSeen += 1;
    throw failure;
  }

  async #hand(group: WriteSet, refusalsSeen: number): Promise<Error | undefined> {
    try {
      await this.#gate('commit', group);
      if (refusalsSeen < this.#refusals) return new StoreFullError('refused with the group before it');
      await this.#run(() => this.#store.commit(group));
      return undefined;
    } catch (error) {
      if (error instanceof StoreFullError && refusalsSeen === this.#refusals) this.#refusals += 1;
      return error as Error;
    }
  }

  async #run<Result>(call: () => Promise<Result>): Promise<Result> {
    const running = call();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  #gate(step: Step, detail: Wanted | WriteSet): Promise<void> {
    if (!this.#held.has(step)) return Promise.resolve();
    return new Promise((pass, fail) => this.#waiting.push({ step, detail, pass, fail }));
  }

  #take(step: Step): Waiting {
    const found = this.#waiting.find((it) => it.step === step);
    if (found === undefined) throw new Error(`nothing waits at ${step}`);
    this.#waiting = this.#waiting.filter((it) => it !== found);
    return found;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
