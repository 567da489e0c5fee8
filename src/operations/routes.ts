import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Engine } from '../engine/submit.ts';
import type { CallerTotals, RequestTotals } from '../http/observe.ts';

export interface OperationsParts {
  readonly engine: Engine;
  readonly requests: RequestTotals;
  /** Resolves when a small write is on disk. */
  readonly probe: () => Promise<void>;
}

/** Mounts what an operator's tools ask: is it alive, is it ready, how much does it do. */
export function mountOperations(server: FastifyInstance, parts: OperationsParts): void {
  const registry = buildMetrics(parts.engine, parts.requests);

  server.get('/health/live', async () => ({ status: 'ok' }));

  // Ready means that a write reaches the disk now, not that one did some time ago.
  server.get('/health/ready', async (_request, reply) => {
    try {
      await parts.probe();
      return { status: 'ok' };
    } catch (error) {
      return reply.code(503).send({ status: 'unavailable', reason: (error as Error).message });
    }
  });

  server.get('/metrics', async (_request, reply) => {
    return reply.header('content-type', registry.contentType).send(await registry.metrics());
  });
}

function buildMetrics(engine: Engine, requests: RequestTotals): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const [name, help] of Object.entries({
    batches: 'Requests taken into the order',
    items: 'Items applied',
    events: 'Lines written',
    groups: 'Groups committed',
    refused: 'Requests answered as unavailable',
  } as const)) {
    new Counter({
      name: `rapport_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(engine.totals[name as keyof Engine['totals']]);
      },
    });
  }
  for (const [name, help] of Object.entries({
    queued: 'Requests waiting for their turn',
    queuedBytes: 'Bytes of requests waiting for their turn',
    inFlight: 'Groups on their way to disk',
    cacheBytes: 'Approximate bytes of states in memory',
  } as const)) {
    new Gauge({
      name: `rapport_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      help,
      registers,
      collect() {
        this.set(engine.load[name as keyof Engine['load']]);
      },
    });
  }
  addRequestMetrics(registry, requests);
  return registry;
}

function addRequestMetrics(registry: Registry, { callers }: RequestTotals): void {
  const registers = [registry];
  new Counter({
    name: 'rapport_requests_total',
    help: 'Requests answered, by caller and class of status',
    labelNames: ['caller', 'status'],
    registers,
    collect() {
      this.reset();
      for (const [caller, { answered, refused, failed }] of callers) {
        this.inc({ caller, status: 'ok' }, answered - refused - failed);
        this.inc({ caller, status: '4xx' }, refused);
        this.inc({ caller, status: '5xx' }, failed);
      }
    },
  });
  const quantiles = { '0.5': 'p50Ms', '0.99': 'p99Ms' } as const satisfies Record<string, keyof CallerTotals>;
  new Gauge({
    name: 'rapport_request_ms',
    help: 'Milliseconds from the head of a request to the end of its answer, over the last minute',
    labelNames: ['caller', 'quantile'],
    registers,
    collect() {
      this.reset();
      for (const [caller, totals] of callers) {
        for (const [quantile, name] of Object.entries(quantiles)) {
          const ms = totals[name];
          if (ms !== null) this.set({ caller, quantile }, ms);
        }
      }
    },
  });
}
