import { closeSync, constants, cpSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExportCheck } from './export-check.ts';
import type { Report } from './figures.ts';
import { Generator } from './generator.ts';
import type { Job, Measurement } from './load.ts';
import { type Memory, memoryDuring, processResidentBytes } from './processes.ts';
import { type RunningServer, startRapport } from './servers.ts';
import { joinSorted, percentile, sum } from './statistics.ts';
import { basicAuthorization, credentials } from './workloads/parts.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

const connections = 16;
const workload = 'multi50';
/** Of the ingest beside the export; they are customers of the export too. */
const usersMax = 20_000;
const warmUpMs = 1_000;
const peakMs = 3_000;
const windowMs = 5_000;
const idleAfterMs = 2_000;
/** Of the ingest before anything is measured beside it: caches fill, and the heap grows to what such a rate needs. */
const settleMs = 20_000;
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
    const requestsPerSecond = await onServer(dataFolder, async (server) => {
      await sleep(idleAfterMs);
      await measureAlone(server, customers, report);
      return await findHalfLoad(generator, server, customers);
    });
    await measureBesideIngest({ generator, dataFolder, customers, requestsPerSecond }, report);
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
  const idle = residentMegabytes(server);
  let read = { seconds: 0, bytes: 0 };
  const memory = await memoryDuring(server.pid, async () => {
    read = await readExport(server.port, customers);
  });
  report('export alone', read.seconds, 's');
  report('… its length', read.bytes / 2 ** 20, 'MB');
  report('… customers', customers / read.seconds, 'customers/s');
  report('… memory of the server above idle, at most', memory.most - idle, 'MB', '< 300');
}

/** Requests a second. */
async function findHalfLoad(generator: Generator, server: RunningServer, customers: number): Promise<number> {
  const pattern = { kind: 'closed', warmUpMs, windowMs: peakMs } as const;
  const peak = await generator.run(jobOf(server, workload, Math.min(usersMax, customers), pattern));
  return peak.items / peak.seconds / 2 / buildWorkload(workload).itemsPerRequest;
}

interface Ingest {
  readonly generator: Generator;
  readonly dataFolder: string;
  readonly customers: number;
  readonly requestsPerSecond: number;
}

/**
 * The same ingest with an export and, for as long, without one, since it takes memory itself. What a process has taken it
 * seldom gives back: each time another server starts, on a copy of the same data.
 */
async function measureBesideIngest(ingest: Ingest, report: Report): Promise<void> {
  let exportSeconds = 0;
  const withExport = await measureIngest(ingest, async ({ port }) => {
    exportSeconds = (await readExport(port, ingest.customers)).seconds;
  });
  const alone = await measureIngest(ingest, () => sleep(exportSeconds * 1000));
  report('half-load ingest', alone.itemsPerSecond, 'items/s');
  report('… its p99', alone.p99Ms, 'ms', '< 25');
  report('… memory of the server above idle, in the middle', alone.aboveIdle.middle, 'MB');
  report('… memory of the server above idle, at most', alone.aboveIdle.most, 'MB');
  report('export beside half-load ingest', exportSeconds, 's');
  report('… ingest meanwhile', withExport.itemsPerSecond, 'items/s');
  report('… its p99', withExport.p99Ms, 'ms', '< 25');
  report('… memory of the server above idle, in the middle', withExport.aboveIdle.middle, 'MB');
  report('… memory of the server above idle, at most', withExport.aboveIdle.most, 'MB');
  const added = (which: keyof Memory) => withExport.aboveIdle[which] - alone.aboveIdle[which];
  report('… of it the export added, in the middle', added('middle'), 'MB');
  report('… of it the export added, at most', added('most'), 'MB', '< 300');
}

interface Beside {
  readonly itemsPerSecond: number;
  readonly p99Ms: number;
  readonly aboveIdle: Memory;
}

/** Ingest on a server of its own, settled, for as long as some work on the same server takes. */
async function measureIngest(
  { generator, dataFolder, customers, requestsPerSecond }: Ingest,
  work: (server: RunningServer) => Promise<void>,
): Promise<Beside> {
  const folder = `${dataFolder}-copy`;
  copyFolder(dataFolder, folder);
  const beside = await onServer(folder, async (server) => {
    await sleep(idleAfterMs);
    const idle = residentMegabytes(server);
    const run = (milliseconds: number) => {
      const pattern = { kind: 'paced', warmUpMs, windowMs: milliseconds, requestsPerSecond } as const;
      return generator.run(jobOf(server, workload, Math.min(usersMax, customers), pattern));
    };
    await run(settleMs);
    const windows: Measurement[] = [];
    const memory = await memoryDuring(server.pid, async () => {
      let isDone = false;
      const working = work(server).finally(() => {
        isDone = true;
      });
      // In windows, as nobody knows how long the work takes; at its end a part of one has none beside it.
      const ingesting = async () => {
        while (!isDone) windows.push(await run(windowMs));
      };
      await Promise.all([working, ingesting()]);
    });
    return {
      itemsPerSecond: sum(windows.map((it) => it.items)) / sum(windows.map((it) => it.seconds)),
      p99Ms: percentile(joinSorted(windows.map((it) => it.latenciesMs)), 0.99),
      aboveIdle: { middle: memory.middle - idle, most: memory.most - idle },
    };
  });
  rmSync(folder, { recursive: true });
  return beside;
}

/** Down to the disk: what the system wrote later would be in the way of the ingest. */
function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(join(entry.parentPath, entry.name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}

function residentMegabytes({ pid }: RunningServer): number {
  return processResidentBytes(pid) / 2 ** 20;
}

function jobOf(
  server: RunningServer,
  workloadName: WorkloadName,
  users: number,
  pattern: Job['pattern'],
): Job {
  return { port: server.port, serverPid: server.pid, workload: workloadName, connections, users, pattern };
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
