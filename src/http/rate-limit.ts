import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { rateAddressesMax } from './limits.ts';

/** What one address may still send, as of some time. */
interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A token bucket for each client address: a minute's requests at once, and then as many as a minute brings. Memory is
 * bounded: with too many addresses the one that was silent for longest starts anew.
 */
export class RateLimit {
  readonly #perMinute: number;
  readonly #elapsed: () => number;
  /** In the order of their last request. */
  readonly #buckets = new Map<string, Bucket>();

  /** `elapsed` gives milliseconds of a clock that is never set. */
  constructor(perMinute: number, elapsed: () => number) {
    this.#perMinute = perMinute;
    this.#elapsed = elapsed;
  }

  /** Takes one request of an address: 0 when it may come in, otherwise the whole seconds after which the next one may. */
  take(address: string): number {
    const nowMs = this.#elapsed();
    const perMs = this.#perMinute / 60_000;
    const bucket = this.#buckets.get(address) ?? { tokens: this.#perMinute, atMs: nowMs };
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + (nowMs - bucket.atMs) * perMs);
    bucket.atMs = nowMs;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > rateAddressesMax) this.#forgetOldest();
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perMs / 1000);
    bucket.tokens -= 1;
    return 0;
  }

  #forgetOldest(): void {
    for (const address of this.#buckets.keys()) {
      this.#buckets.delete(address);
      return;
    }
  }
}

/** Refuses requests over the limit before anything else is looked at; `isCounted` says which routes it is for. */
export function limitRate(
  server: FastifyInstance,
  options: {
    readonly limit: RateLimit;
    readonly addressOf: (request: FastifyRequest) => string;
    readonly isCounted: (request: FastifyRequest) => boolean;
    readonly refuse: (reply: FastifyReply) => FastifyReply;
  },
): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (!options.isCounted(request)) return done();
    const seconds = options.limit.take(options.addressOf(request));
    if (seconds === 0) return done();
    options.refuse(reply.header('retry-after', seconds));
  });
}
