import { mkdtempSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExportCheck } from './export-check.ts';
import type { Report } from './figures.ts';
import { Generator } from './generator.ts';
import type { Job, Measurement } from './load.ts';
import { processResidentBytes } from './processes.ts';
import { type RunningServer, startRapport } from './servers.ts';
import { percentile } from './statistics.ts';
import { basicAuthorization, credentials } from './workloads/parts.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

const connections = 16;
const workload = 'multi50';
/** Of the ingest beside the export; they are customers of the export too. */
const usersMax = 20_000;
const warmUpMs = 1_000;
const peakMs = 3_000;
const baselineMs = 5_000;
const idleAfterMs = 2_000;
const sampleEveryMs = 100;
/** The history is measured elsewhere: here it stays asleep. */
const settings = { RAPPORT_HISTORY_LINES: '99999999' };

/**
 * `customers/export` of a server that holds `customers` profiles of 1 KB, all brought through the API: alone, then beside
 * ingest at half of the rate it can have. Every customer has to be in each answer once.
 */
export async function measureExport(parentFolder: string, wanted: number, report: Report): Promise<void> {
  const dataFolder = mkdtempSync(join(parentFolder, 'server-'));
  // Every connection of the generator brings as many.
  const customers = Math.floor(wanted / connections) * connections;
  const generator = new Generator();
  try {
    const filled = await onServer(dataFolder, (server) => fill(generator, server, customers));
    report(`${customers.toLocaleString('en-US')} customers brought in`, filled, 'customers/s');
    // Started again, so that it has nothing in memory yet.
    await onServer(dataFolder, async (server) => {
      await sleep(idleAfterMs);
      await measureAlone(server, customers, report);
      await measureBesideIngest({ generator, server, customers, report });
    });
  } finally {
    await generator.stop();
  }
}

async function onServer<Result>(
  dataFolder: string,
  use: (server: RunningServer) => Promise<Result>,
): Promise<Result> {
  const server = await startRapport({ dataFolder, settings });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function fill(generator: Generator, server: RunningServer, users: number): Promise<number> {
  const startedAt = performance.now();
  await generator.run(jobOf(server, 'customers', users, { kind: 'once' }));
  return users / secondsSince(startedAt);
}

async function measureAlone(server: RunningServer, customers: number, report: Report): Promise<void> {
  const memory = watchMemory(server.pid);
  const { seconds, bytes } = await readExport(server.port, customers);
  report('export alone', seconds, 's');
  report('… its length', bytes / 2 ** 20, 'MB');
  report('… customers', customers / seconds, 'customers/s');
  report('… memory of the server above idle, at most', memory.stop(), 'MB', '< 300');
}

/** The same rate with and without an export, which goes on for as long as it takes. */
async function measureBesideIngest(parts: {
  generator: Generator;
  server: RunningServer;
  customers: number;
  report: Report;
}): Promise<void> {
  const { generator, server, customers, report } = parts;
  const users = Math.min(usersMax, customers);
  const run = (pattern: Job['pattern']) => generator.run(jobOf(server, workload, users, pattern));
  const peak = await run({ kind: 'closed', warmUpMs, windowMs: peakMs });
  const requestsPerSecond = peak.items / peak.seconds / 2 / buildWorkload(workload).itemsPerRequest;
  const paced = (windowMs: number) => run({ kind: 'paced', warmUpMs, windowMs, requestsPerSecond });
  const without = await paced(baselineMs);
  report('half-load ingest', without.items / without.seconds, 'items/s');
  report('… p99 without an export', p99Of(without), 'ms', '< 25');

  const memory = watchMemory(server.pid);
  const latenciesMs: number[] = [];
  let isDone = false;
  const exporting = readExport(server.port, customers).finally(() => {
    isDone = true;
  });
  let items = 0;
  let seconds = 0;
  // In windows, as nobody knows how long the export takes; at its end a part of one has none beside it.
  while (!isDone) {
    const window = await paced(baselineMs);
    for (const latency of window.latenciesMs) latenciesMs.push(latency);
    items += window.items;
    seconds += window.seconds;
  }
  const read = await exporting;
  report('export beside half-load ingest', read.seconds, 's');
  report('… ingest meanwhile', items / seconds, 'items/s');
  report('… its p99', percentile(Float64Array.from(latenciesMs).sort(), 0.99), 'ms', '< 25');
  // What the ingest itself takes on meanwhile is among it.
  report('… memory above the ingest before, at most', memory.stop(), 'MB');
}

function jobOf(
  server: RunningServer,
  workloadName: WorkloadName,
  users: number,
  pattern: Job['pattern'],
): Job {
  return { port: server.port, serverPid: server.pid, workload: workloadName, connections, users, pattern };
}

function p99Of({ latenciesMs }: Measurement): number {
  return percentile(latenciesMs.toSorted(), 0.99);
}

/** Samples resident memory from here on; `stop` answers how many megabytes it was above now, at most. */
function watchMemory(pid: number): { stop: () => number } {
  const before = processResidentBytes(pid);
  let most = before;
  const sample = () => {
    most = Math.max(most, processResidentBytes(pid));
  };
  const timer = setInterval(sample, sampleEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return (most - before) / 2 ** 20;
    },
  };
}

/** Asks for all customers as `native_json`, and throws unless the answer is whole and has each of them exactly once. */
async function readExport(port: number, customers: number): Promise<{ seconds: number; bytes: number }> {
  const startedAt = performance.now();
  const check = new ExportCheck(customers);
  for await (const chunk of askExport(port)) check.push(chunk);
  check.end();
  return { seconds: secondsSince(startedAt), bytes: check.bytes };
}

async function* askExport(port: number): AsyncGenerator<Buffer> {
  const body = JSON.stringify({ format: 'native_json' });
  const path = `/data/v2/projects/${credentials.projectToken}/customers/export`;
  const headers = { authorization: basicAuthorization, 'content-type': 'application/json' };
  const asking = request({ host: '127.0.0.1', port, path, method: 'POST', headers });
  const { promise, resolve, reject } = Promise.withResolvers<
    AsyncIterable<Buffer> & { statusCode?: number }
  >();
  asking.once('response', resolve);
  asking.once('error', reject);
  asking.end(body);
  const response = await promise;
  if (response.statusCode !== 200) throw new Error(`customers/export was answered ${response.statusCode}`);
  yield* response;
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
