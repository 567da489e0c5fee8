/**
 * `npm run bench`: the real server against one that only parses and answers, in the same run and under the same load.
 *
 * First all rows on a store that starts empty (its users come into being while the load runs), then on one that was filled
 * through the API. Whatever was acknowledged is counted in the store after each row; a difference ends the run.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Generator } from './generator.ts';
import { fillStore, measurePaced, measurePeak, type Stage } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { endOnSignals, processResidentBytes } from './processes.ts';
import { formatTable, machine, type TableRow } from './report.ts';
import type { Row } from './rows.ts';
import { type RunningServer, repository, startNullServer, startRapport } from './servers.ts';
import { StoredCounter } from './store.ts';

const usersOnEmptyStore = 20_000;
const idleBeforeMemoryMs = 1000;
/** The history seals nothing beside the rows; `bench:data` measures both together. */
const settings = { RAPPORT_HISTORY_LINES: '99999999' };

interface Store {
  readonly label: string;
  readonly users: number;
  readonly filled: boolean;
}

async function bench(options: Options): Promise<void> {
  const table: TableRow[] = [];
  const generator = new Generator();
  const nullServer = await startNullServer();
  const syncFile = join(options.parentFolder, `bench-sync-${process.pid}`);
  process.once('exit', () => rmSync(syncFile, { force: true }));
  const syncServer = await startNullServer(syncFile);
  try {
    for (const store of stores(options.profiles)) {
      await onFreshServer(options, async (server, dataFolder) => {
        const counter = new StoredCounter(dataFolder);
        const { label, users } = store;
        const { windowMs } = options;
        const stage = { label, users, server, nullServer, syncServer, counter, generator, windowMs };
        if (store.filled) await fill(stage);
        else await reportStart(server);
        await measureRows(stage, options.rows, table);
      });
    }
  } finally {
    await generator.stop();
    await Promise.all([nullServer.stop(), syncServer.stop()]);
    // Also after a failure: the rows before it took minutes and may tell why.
    printTable(table, options.outFile);
  }
}

function stores(profiles: number): Store[] {
  const empty = { label: 'empty', users: usersOnEmptyStore, filled: false };
  const filled = { label: `${shortNumber(profiles)} profiles`, users: profiles, filled: true };
  return profiles === 0 ? [empty] : [empty, filled];
}

async function onFreshServer(
  options: Options,
  use: (server: RunningServer, dataFolder: string) => Promise<void>,
): Promise<void> {
  const dataFolder = mkdtempSync(join(options.parentFolder, 'bench-'));
  const removeData = () => rmSync(dataFolder, { recursive: true, force: true });
  process.once('exit', removeData);
  const profileFolder = options.cpuProfile ? repository : undefined;
  const server = await startRapport({ dataFolder, profileFolder, settings });
  try {
    await use(server, dataFolder);
  } finally {
    await server.stop();
    removeData();
  }
}

async function reportStart(server: RunningServer): Promise<void> {
  await sleep(idleBeforeMemoryMs);
  const megabytes = processResidentBytes(server.pid) / 2 ** 20;
  console.log(machine());
  console.log(`cold start ${server.startMs.toFixed(0)} ms, idle ${megabytes.toFixed(0)} MB`);
}

async function fill(stage: Stage): Promise<void> {
  const startedAt = performance.now();
  const items = await fillStore(stage);
  progress(`${stage.label}: filled with ${items} items in ${secondsSince(startedAt)} s`);
}

async function measureRows(stage: Stage, rows: readonly Row[], table: TableRow[]): Promise<void> {
  const measured = new Map<string, TableRow>();
  for (const row of rows) {
    const peak = row.pacedBy && measured.get(row.pacedBy.key);
    const result =
      row.pacedBy && peak
        ? await measurePaced(stage, row, peak, row.pacedBy.share)
        : await measurePeak(stage, row);
    measured.set(row.key, result);
    table.push(result);
    const { name, itemsPerSecond, ratio } = result.figures;
    progress(`${name}: ${itemsPerSecond.toFixed(0)} items/s, ${(ratio * 100).toFixed(0)} %`);
  }
}

function printTable(table: readonly TableRow[], outFile: string): void {
  console.log(`\n${formatTable(table)}\n`);
  const figures = table.map((row) => row.figures);
  writeFileSync(outFile, `${JSON.stringify(figures, null, 2)}\n`);
}

function shortNumber(value: number): string {
  if (value % 1_000_000 === 0) return `${value / 1_000_000}M`;
  return value % 1000 === 0 ? `${value / 1000}k` : String(value);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function secondsSince(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}

endOnSignals();
const startedAt = performance.now();
try {
  const options = readOptions();
  if (options !== undefined) {
    await bench(options);
    progress(`${secondsSince(startedAt)} s in all`);
  }
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
