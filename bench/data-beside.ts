import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from './figures.ts';
import { Generator } from './generator.ts';
import type { Job, Measurement } from './load.ts';
import { processResidentBytes } from './processes.ts';
import { startRapport } from './servers.ts';
import { percentile } from './statistics.ts';
import { buildWorkload } from './workloads.ts';

const workload = 'multi50';
const users = 20_000;
const peakMs = 3_000;
const warmUpMs = 1_000;
const sampleEveryMs = 250;

/**
 * The real server at half of its peak rate, first with a history that has nothing to do, then with one that seals all the
 * time; its lag is asked for while it runs.
 */
export async function measureBeside(parentFolder: string, windowMs: number, report: Report): Promise<void> {
  const generator = new Generator();
  try {
    const idle = await measure({ generator, parentFolder, windowMs, historyLines: 99_999_999 });
    const busy = await measure({ generator, parentFolder, windowMs, historyLines: 50_000, rate: idle.rate });
    report('peak ingest without history', idle.peak, 'items/s');
    report('… while it is sealed', busy.peak, 'items/s');
    report('half-load ingest', busy.items / busy.seconds, 'items/s');
    report('… p99 without history', idle.p99Ms, 'ms', '< 25');
    report('… p99 while it is sealed', busy.p99Ms, 'ms', '< 25');
    report('… sealed meanwhile', busy.sealed / busy.seconds, 'lines/s');
    report('… lag of the history, at most', busy.lagSeconds, 's');
    report('… memory of the server without history', idle.memory, 'MB');
    report('… memory of the server while it is sealed', busy.memory, 'MB');
  } finally {
    await generator.stop();
  }
}

interface Run {
  readonly generator: Generator;
  readonly parentFolder: string;
  readonly windowMs: number;
  readonly historyLines: number;
  /** Requests a second; without it half of the peak, which is then found first. */
  readonly rate?: number;
}

async function measure({ generator, parentFolder, windowMs, historyLines, rate }: Run) {
  const dataFolder = mkdtempSync(join(parentFolder, 'server-'));
  const settings = { RAPPORT_HISTORY_LINES: String(historyLines) };
  const server = await startRapport({ dataFolder, settings });
  try {
    const job = { port: server.port, serverPid: server.pid, workload, connections: 16, users } as const;
    const run = (pattern: Job['pattern']): Promise<Measurement> => generator.run({ ...job, pattern });
    const peak = await run({ kind: 'closed', warmUpMs, windowMs: peakMs });
    const half = peak.items / peak.seconds / 2 / buildWorkload(workload).itemsPerRequest;
    const requestsPerSecond = rate ?? half;
    const watch = watchHistory(server.port);
    const paced = await run({ kind: 'paced', warmUpMs, windowMs, requestsPerSecond });
    const { lagSeconds, sealed } = await watch.stop();
    const p99Ms = percentile(paced.latenciesMs.sort(), 0.99);
    const memory = processResidentBytes(server.pid) / 2 ** 20;
    const { items, seconds } = paced;
    return {
      peak: peak.items / peak.seconds,
      rate: requestsPerSecond,
      items,
      seconds,
      p99Ms,
      lagSeconds,
      sealed,
      memory,
    };
  } finally {
    await server.stop();
  }
}

/** Asks the server's metrics from time to time. */
function watchHistory(port: number) {
  let stopped = false;
  const watching = (async () => {
    const first = await readMetrics(port);
    let last = first;
    let lagSeconds = 0;
    while (!stopped) {
      await sleep(sampleEveryMs);
      last = await readMetrics(port);
      lagSeconds = Math.max(lagSeconds, last.get('rapport_history_lag_seconds') ?? 0);
    }
    const rows = (metrics: Map<string, number>) => metrics.get('rapport_history_file_rows') ?? 0;
    return { lagSeconds, sealed: rows(last) - rows(first) };
  })();
  return {
    stop: () => {
      stopped = true;
      return watching;
    },
  };
}

async function readMetrics(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}
