import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { LatencyWindow } from '../lib/latency-window.ts';
import { Rate } from '../lib/rate.ts';

/** Samples a rate looks back: with one a second, ten seconds. */
const rateSlots = 10;

/** What was answered to one kind of caller. */
export interface CallerTotals {
  /** Since the start. */
  readonly answered: number;
  /** Answers of 400 to 499 since the start. */
  readonly refused: number;
  /** Answers from 500 on since the start. */
  readonly failed: number;
  /** Over the last ten seconds. */
  readonly perSecond: number;
  /** Milliseconds from the head of a request to the end of its answer, over the last minute; null without requests. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface RequestTotals {
  readonly callers: ReadonlyMap<string, CallerTotals>;
}

class Caller implements CallerTotals {
  readonly latencies = new LatencyWindow();
  readonly rate = new Rate(rateSlots);
  answered = 0;
  refused = 0;
  failed = 0;

  add(status: number, ms: number): void {
    this.answered += 1;
    if (status >= 500) this.failed += 1;
    else if (status >= 400) this.refused += 1;
    this.latencies.add(ms);
  }

  get perSecond(): number {
    return this.rate.perSecond;
  }

  get p50Ms(): number | null {
    return this.latencies.quantile(0.5);
  }

  get p99Ms(): number | null {
    return this.latencies.quantile(0.99);
  }
}

/** Counts and times what is answered, and writes the access log if there is to be one. */
export class RequestMeter implements RequestTotals {
  readonly callers = new Map<string, Caller>();
  readonly #accessLog: Logger | undefined;

  /** `names`: all that `callerOf` may say below. */
  constructor(names: readonly string[], accessLog: Logger | undefined) {
    for (const name of names) this.callers.set(name, new Caller());
    this.#accessLog = accessLog;
  }

  /** Observes all routes of a server; `callerOf` says who calls a route, and who one that there is not. */
  observe(server: FastifyInstance, callerOf: (route: string | undefined) => string): void {
    const log = this.#accessLog;
    server.addHook('onResponse', (request, reply, done) => {
      // The route is the pattern that was mounted: the address itself may hold a key, a token or a user's id.
      const { url: route } = request.routeOptions;
      const { statusCode: status, elapsedTime: ms } = reply;
      this.callers.get(callerOf(route))?.add(status, ms);
      log?.info(
        {
          requestId: reply.getHeader('x-request-id') ?? request.id,
          method: request.method,
          route: route ?? 'none',
          status,
          ms: Math.round(ms * 100) / 100,
        },
        'request',
      );
      done();
    });
  }

  /** Once a second. */
  tick(nowMs: number): void {
    for (const { latencies, rate, answered } of this.callers.values()) {
      latencies.tick();
      rate.sample(answered, nowMs);
    }
  }
}
