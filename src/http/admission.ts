import {
  admissionWindowMs,
  admittedMax,
  admittedMin,
  admittedStart,
  answerSlowMs,
  answerSoonMs,
  fewRequests,
  fewRequestsBytes,
  requestCost,
} from './limits.ts';

/**
 * Lets in as much work as is answered soon; the rest is refused at once, before its body is read (design D16).
 *
 * Work is counted in bytes, as a request's bytes are known before anything is done for it, and a little for the request
 * itself. How much may be under way at a time adapts: whenever it was the limit that held requests back, and answers
 * came late, it shrinks, and when they came soon it grows. So it follows what this machine can do with these requests,
 * and a slow disk alone refuses nobody.
 *
 * A few requests are let in however small the limit is: a back end whose few connections carry large batches is no flood.
 * Large requests have room of their own, half as much, of which each takes at most half: a few senders of huge batches
 * cannot shut out everybody else, and a huge batch finds its turn however little room there is.
 */
export class Admission {
  readonly #elapsed: () => number;
  #limit = admittedStart;
  #requests = 0;
  #bytes = { small: 0, large: 0 };
  #refused = 0;
  #windowEnd = 0;
  #window = { answers: 0, waitedMs: 0, full: false };

  /** `elapsed` gives milliseconds of a clock that is never set. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Work under way and how much of it there may be, in bytes; and requests refused since the start. */
  get load(): { admitted: number; limit: number; refused: number } {
    return { admitted: this.#bytes.small + this.#bytes.large, limit: this.#limit, refused: this.#refused };
  }

  /** Whether a request of `bytes` may be read; it is not counted before it is, or slow senders would take all room. */
  mayRead(bytes: number): boolean {
    return this.#weigh(bytes) !== undefined;
  }

  /** Takes in a request of `bytes` that was read; undefined: there is too much under way. */
  enter(bytes: number): Admitted | undefined {
    const weight = this.#weigh(bytes);
    if (weight === undefined) return undefined;
    this.#bytes[weight.size] += weight.cost;
    this.#requests += 1;
    return { ...weight, since: this.#elapsed() };
  }

  /** With how much a request of `bytes` counts, and where; undefined: there is no room for it. */
  #weigh(bytes: number): Weight | undefined {
    const room = this.#requests < fewRequests ? Math.max(this.#limit, fewRequestsBytes) : this.#limit;
    const size = bytes + requestCost > room / 8 ? 'large' : 'small';
    const cost = Math.min(bytes + requestCost, room / 4);
    if (this.#bytes[size] + cost <= (size === 'large' ? room / 2 : room)) return { size, cost };
    this.#window.full = true;
    this.#refused += 1;
    return undefined;
  }

  /** A request is answered, or its client is gone and its work done. */
  leave({ size, cost, since }: Admitted): void {
    const now = this.#elapsed();
    this.#bytes[size] -= cost;
    this.#requests -= 1;
    this.#window.answers += 1;
    this.#window.waitedMs += now - since;
    if (now < this.#windowEnd) return;
    this.#adapt();
    this.#windowEnd = now + admissionWindowMs;
    this.#window = { answers: 0, waitedMs: 0, full: false };
  }

  #adapt(): void {
    const { answers, waitedMs, full } = this.#window;
    if (!full) return;
    const meanMs = waitedMs / answers;
    if (meanMs > answerSlowMs) {
      this.#limit = Math.max(admittedMin, this.#limit * Math.max(0.7, answerSlowMs / meanMs));
    } else if (meanMs < answerSoonMs) this.#limit = Math.min(admittedMax, this.#limit * 1.1);
  }
}

interface Weight {
  readonly size: 'small' | 'large';
  readonly cost: number;
}

/** A request that was taken in. */
export interface Admitted extends Weight {
  readonly since: number;
}
