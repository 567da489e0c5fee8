import { type BatchResult, type Queued, unavailable, userBusy } from './batch.ts';
import { waitCheckMs, waitMaxMs } from './limits.ts';

/**
 * Refuses batches that have waited too long for their turn, whatever the head of the order waits for. A timer runs only
 * as long as somebody waits.
 */
export class WaitCheck {
  readonly #next: (since: number) => Queued | undefined;
  readonly #waits: () => boolean;
  readonly #maxMs: number;
  readonly #refuse: (queued: Queued, result: BatchResult) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    /** Takes out the batch at the head if it has waited since before this, by `performance.now()`. */
    next: (since: number) => Queued | undefined;
    maxMs: number | undefined;
    /** Whether anybody waits. */
    waits: () => boolean;
    refuse: (queued: Queued, result: BatchResult) => void;
  }) {
    this.#next = options.next;
    this.#waits = options.waits;
    this.#maxMs = options.maxMs ?? waitMaxMs;
    this.#refuse = options.refuse;
  }

  /** Somebody waits. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#check(), Math.min(waitCheckMs, this.#maxMs)).unref();
  }

  #check(): void {
    this.#timer = undefined;
    const since = performance.now() - this.#maxMs;
    let queued = this.#next(since);
    for (; queued !== undefined; queued = this.#next(since)) {
      this.#refuse(queued, queued.sharesUser ? userBusy : unavailable);
    }
    if (this.#waits()) this.begin();
  }
}
