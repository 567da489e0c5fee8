import { type BatchResult, type Queued, unavailable, userBusy } from './batch.ts';
import { queuedBatchesMax, queuedBytesMax, userQueueMax } from './limits.ts';
import { type Memory, Wants } from './memory.ts';
import type { StateStore } from './store.ts';
import { WaitCheck } from './wait-check.ts';

/**
 * The order: of arrival, for everybody. Everything a batch names is read ahead while it waits, for all waiting batches
 * together; a batch leaves at the head, when its data is in memory. Nothing overtakes.
 */
export class Order {
  readonly #memory: Memory;
  readonly #store: Pick<StateStore, 'read'>;
  readonly #onLoaded: () => void;
  readonly #onReadError: (error: unknown) => void;
  readonly #storedGroup: () => number;
  readonly #isClosed: () => boolean;
  readonly #totals: { refused: number };
  readonly #waitCheck: WaitCheck;
  #queue: Queued[] = [];
  #head = 0;
  #bytes = 0;
  /** How many waiting batches name an id. */
  readonly #waiting = new Map<string, number>();
  #wants = new Wants();
  #asked: Wants | undefined;
  #readSince = 0;

  constructor(options: {
    memory: Memory;
    store: Pick<StateStore, 'read'>;
    /** The newest group on disk. */
    storedGroup: () => number;
    /** Whether nothing more is taken in. */
    isClosed: () => boolean;
    /** How long a batch may wait; a limit of the engine when left out. */
    waitMaxMs: number | undefined;
    /** Where refusals are counted. */
    totals: { refused: number };
    onLoaded: () => void;
    onReadError: (error: unknown) => void;
  }) {
    this.#memory = options.memory;
    this.#store = options.store;
    this.#storedGroup = options.storedGroup;
    this.#onLoaded = options.onLoaded;
    this.#onReadError = options.onReadError;
    this.#isClosed = options.isClosed;
    this.#totals = options.totals;
    this.#waitCheck = new WaitCheck({
      next: (since) => this.#nextWaitingSince(since),
      waits: () => this.length > 0,
      maxMs: options.waitMaxMs,
      refuse: (queued, result) => {
        this.#refuse(queued, result);
        this.#onLoaded();
      },
    });
  }

  get length(): number {
    return this.#queue.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Why there is no place for a batch, here or in the queue of one of its users. */
  #refusalOf({ batch, keys }: Queued): BatchResult | undefined {
    if (this.#isClosed() || this.length >= queuedBatchesMax || this.#bytes + batch.bytes > queuedBytesMax)
      return unavailable;
    for (const key of keys) if ((this.#waiting.get(key) ?? 0) >= userQueueMax) return userBusy;
    return undefined;
  }

  #refuse(queued: Queued, result: BatchResult): void {
    this.#totals.refused += 1;
    queued.finish(result);
  }

  /** Gives it a place, or refuses it. */
  add(queued: Queued): boolean {
    const refusal = this.#refusalOf(queued);
    if (refusal !== undefined) {
      this.#refuse(queued, refusal);
      return false;
    }
    this.#waitCheck.begin();
    queued.waitingSince = performance.now();
    for (const key of queued.keys) {
      const others = this.#waiting.get(key) ?? 0;
      if (others > 0) queued.sharesUser = true;
      this.#waiting.set(key, others + 1);
    }
    this.#queue.push(queued);
    this.#bytes += queued.batch.bytes;
    if (this.#memory.collectMissing(queued, this.#wants)) queued.completeAt = this.#memory.removals;
    return true;
  }

  /** The batch at the head if its data is in memory; otherwise what it lacks is being read. */
  next(): Queued | undefined {
    const queued = this.#queue[this.#head];
    if (queued === undefined) return undefined;
    // Looked up again unless nothing has left memory since.
    const isComplete = queued.completeAt === this.#memory.removals;
    if (!isComplete && !this.#memory.collectMissing(queued, this.#wants)) return undefined;
    this.#leave(queued);
    return queued;
  }

  #nextWaitingSince(since: number): Queued | undefined {
    const queued = this.#queue[this.#head];
    if (queued === undefined || queued.waitingSince >= since) return undefined;
    this.#leave(queued);
    return queued;
  }

  #leave(queued: Queued): void {
    this.#head += 1;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= queued.batch.bytes;
    for (const key of queued.keys) {
      const others = (this.#waiting.get(key) ?? 1) - 1;
      if (others > 0) this.#waiting.set(key, others);
      else this.#waiting.delete(key);
    }
  }

  /** Starts reading what is wanted, unless a read is under way: then it goes with the next one. */
  prefetch(): void {
    if (this.#asked !== undefined) {
      this.#wants.without(this.#asked);
      return;
    }
    const { lost } = this.#memory.behind;
    if (this.#wants.empty && lost.size === 0) return;
    const asked = this.#wants;
    this.#asked = asked;
    this.#wants = new Wants();
    this.#readSince = this.#storedGroup();
    const wanted = asked.toWanted(lost);
    this.#store.read(wanted).then(
      (found) => {
        const usable = this.#asked === asked;
        if (usable) {
          this.#asked = undefined;
          this.#memory.install(wanted, found);
        }
        this.#onLoaded();
      },
      (error) => this.#onReadError(error),
    );
  }

  /**
   * The newest group whose changes may leave memory: a read under way may have started before later groups were on
   * disk, and must not bring back an older state of what was evicted meanwhile.
   */
  evictableGroup(): number {
    return this.#asked === undefined ? this.#storedGroup() : this.#readSince;
  }

  /**
   * Throws away what the read under way will bring: states were forgotten meanwhile that the disk has in a newer form
   * than that read may have seen.
   */
  discardRead(): void {
    this.#asked = undefined;
  }

  /** Takes everything out of the queue. */
  clear(): Queued[] {
    const rest = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#waiting.clear();
    return rest;
  }
}
