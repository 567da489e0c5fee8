import { type BatchResult, type Queued, unavailable, userBusy } from './batch.ts';
import { waitCheckMs, waitMaxMs } from './limits.ts';
import type { Order } from './order.ts';

/**
 * Refuses batches that have waited too long for their turn, whatever the head of the order waits for. A timer runs only
 * as long as somebody waits.
 */
export class WaitCheck {
  readonly #order: Order;
  readonly #maxMs: number;
  readonly #refuse: (queued: Queued, result: BatchResult) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    order: Order;
    maxMs: number | undefined;
    refuse: (queued: Queued, result: BatchResult) => void;
  }) {
    this.#order = options.order;
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
    let queued = this.#order.nextWaitingSince(since);
    for (; queued !== undefined; queued = this.#order.nextWaitingSince(since)) {
      this.#refuse(queued, queued.sharesUser ? userBusy : unavailable);
    }
    if (this.#order.length > 0) this.begin();
  }
}
