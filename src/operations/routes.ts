import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Lookups } from '../engine/lookups.ts';
import type { DayOfLookups } from '../engine/store.ts';
import type { Engine } from '../engine/submit.ts';
import type { Admission } from '../http/admission.ts';
import type { CallerTotals, RequestTotals } from '../http/observe.ts';

/** What a history tells of itself. */
export interface HistoryMetrics {
  /** Committed lines that no report sees yet unless it waits for them. */
  readonly waitingLines: number;
  readonly lagSeconds: number;
  /** Missing until the history was needed for the first time. */
  readonly status:
    | {
        readonly recentLines: number;
        readonly files: number;
        readonly fileRows: number;
        readonly fileBytes: number;
      }
    | undefined;
}

export interface OperationsParts {
  readonly engine: Engine;
  readonly admission: Admission;
  readonly lookups: Lookups;
  readonly history: { readonly metrics: HistoryMetrics };
  readonly requests: RequestTotals;
  /** Resolves when a small write is on disk. */
  readonly probe: () => Promise<void>;
}

/** Mounts what an operator's tools ask: is it alive, is it ready, how much does it do. */
export function mountOperations(server: FastifyInstance, parts: OperationsParts): void {
  const registry = buildMetrics(parts);

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

function buildMetrics({ engine, history, admission, lookups, requests }: OperationsParts): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const [name, help] of Object.entries({
    batches: 'Requests taken into the order',
    items: 'Items applied',
    events: 'Lines written',
    groups: 'Groups committed',
    refused: 'Requests answered as unavailable',
    skipped: 'Items left out, or in part, since their project has as many names as it may have',
    ahead: 'Events whose time is more than a day after their arrival',
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
  new Counter({
    name: 'rapport_user_lookups_total',
    help: 'Users looked up by Leanplum API requests, each once a request, calls of SDKs left out',
    labelNames: ['project', 'day'],
    registers,
    collect() {
      this.reset();
      // Older days are in the store; a time series of each would only grow.
      for (const { project, day, users } of newestDays(lookups)) this.inc({ project, day }, users);
    },
  });
  new Counter({
    name: 'rapport_turned_away_total',
    help: 'Requests answered as unavailable before they were read',
    registers,
    collect() {
      this.reset();
      this.inc(admission.load.refused);
    },
  });
  for (const [name, help] of Object.entries({
    admitted: 'Bytes of requests under way',
    limit: 'Bytes of requests that may be under way; adapts to how soon answers leave',
  } as const)) {
    new Gauge({
      name: `rapport_${name === 'limit' ? 'admitted_max' : name}_bytes`,
      help,
      registers,
      collect() {
        this.set(admission.load[name as 'admitted' | 'limit']);
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
  addHistoryMetrics(registry, history);
  addRequestMetrics(registry, requests);
  return registry;
}

/** Each project's newest two days: today, and the day that a scrape after midnight has not seen to its end. */
function newestDays(lookups: Lookups): DayOfLookups[] {
  const days = lookups.days();
  return days.filter(({ project }, index) => days[index + 2]?.project !== project);
}

function addHistoryMetrics(registry: Registry, history: OperationsParts['history']): void {
  for (const [name, [help, get]] of Object.entries(historyGauges)) {
    new Gauge({
      name: `rapport_history_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(get(history.metrics));
      },
    });
  }
}

const historyGauges: Readonly<Record<string, readonly [string, (metrics: HistoryMetrics) => number]>> = {
  waiting_lines: ['Lines on disk that the history has not taken in', (it) => it.waitingLines],
  lag_seconds: ['Age of the newest line that it has taken in, while others wait', (it) => it.lagSeconds],
  recent_lines: ['Lines in memory, not sealed yet', (it) => it.status?.recentLines ?? 0],
  files: ['Sealed files', (it) => it.status?.files ?? 0],
  file_rows: ['Lines in sealed files', (it) => it.status?.fileRows ?? 0],
  file_bytes: ['Bytes of sealed files', (it) => it.status?.fileBytes ?? 0],
};

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
