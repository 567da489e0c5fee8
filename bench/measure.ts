import type { Generator } from './generator.ts';
import type { Job, Measurement, Pattern } from './load.ts';
import type { Figures, TableRow } from './report.ts';
import type { Row } from './rows.ts';
import type { RunningServer } from './servers.ts';
import { joinSorted, percentile, sum } from './statistics.ts';
import type { Stored, StoredCounter } from './store.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

/** One store under test: its server, who its users are, and what was counted in it. */
export interface Stage {
  readonly label: string;
  readonly users: number;
  readonly server: RunningServer;
  readonly nullServer: RunningServer;
  /** A null server whose answers wait for a sync of the same disk. */
  readonly syncServer: RunningServer;
  readonly counter: StoredCounter;
  readonly generator: Generator;
  readonly windowMs: number;
}

const rounds = 2;
/** More of them, as one stall of a disk shared with others is a percent of all that is sent meanwhile. */
const pacedRounds = 4;
/** The first round of a row also compiles the code that the row needs, which takes longer where little is sent. */
const warmUps = { nullMs: 300, realMs: 600, realFirstMs: 1500, pacedFirstMs: 5000 };

/** Null and real in turn, as the machine may be shared and change its speed: only neighbours can be compared. */
export async function measurePeak(whole: Stage, row: Row): Promise<TableRow> {
  const stage = row.prepared === undefined ? whole : { ...whole, users: row.prepared.users };
  if (row.prepared !== undefined) await sendOnce(stage, `before ${row.title}`, row.prepared.workload);
  const nulls: Measurement[] = [];
  const reals: Measurement[] = [];
  // The history first takes in what the rows before have left: that is no part of a read.
  if (buildWorkload(row.workload).readsOnly) await run(stage, stage.server, row, closed(0, warmUps.realMs));
  for (let round = 0; round < rounds; round++) {
    nulls.push(await run(stage, stage.nullServer, row, closed(warmUps.nullMs, stage.windowMs / 2)));
    const warmUpMs = round === 0 ? warmUps.realFirstMs : warmUps.realMs;
    reals.push(await run(stage, stage.server, row, closed(warmUpMs, stage.windowMs)));
  }
  const side = { nullCpuUsPerItem: serverCpu(nulls), generatorUsPerItem: generatorCpu(reals) };
  return { figures: figures(rowName(row, stage), reals, rate(nulls), await stored(stage, row, reals)), side };
}

/**
 * Its ratio is to the null server's peak too: at a given rate the throughput of any server would be that rate. How late any
 * server is on this machine at this share of its peak says the null server, at the same share of its own; how late the disk
 * is, the one that syncs, at the same rate as ours; all in turn.
 */
export async function measurePaced(stage: Stage, row: Row, peak: TableRow, share: number): Promise<TableRow> {
  const paced = (peakItemsPerSecond: number, warmUpMs: number = warmUps.realMs): Pattern => {
    const requestsPerSecond = (share * peakItemsPerSecond) / buildWorkload(row.workload).itemsPerRequest;
    return { kind: 'paced', warmUpMs, windowMs: stage.windowMs, requestsPerSecond };
  };
  const { itemsPerSecond, nullItemsPerSecond: nullRate } = peak.figures;
  const nulls: Measurement[] = [];
  const syncs: Measurement[] = [];
  const reals: Measurement[] = [];
  for (let round = 0; round < pacedRounds; round++) {
    nulls.push(await run(stage, stage.nullServer, row, paced(nullRate)));
    syncs.push(await run(stage, stage.syncServer, row, paced(itemsPerSecond)));
    const warmUpMs = round === 0 ? warmUps.pacedFirstMs : warmUps.realMs;
    reals.push(await run(stage, stage.server, row, paced(itemsPerSecond, warmUpMs)));
  }
  const side = {
    nullCpuUsPerItem: peak.side.nullCpuUsPerItem,
    generatorUsPerItem: generatorCpu(reals),
    nullP99Ms: percentile(latencies(nulls), 0.99),
    syncP99Ms: percentile(latencies(syncs), 0.99),
  };
  return { figures: figures(rowName(row, stage), reals, nullRate, await stored(stage, row, reals)), side };
}

/** Answers how many items it took. */
export async function fillStore(stage: Stage): Promise<number> {
  return (await sendOnce(stage, 'filling the store', 'prefill')).items;
}

async function sendOnce(stage: Stage, title: string, workload: WorkloadName): Promise<Stored> {
  const row: Row = { key: workload, title, workload, connections: 16 };
  return stored(stage, row, [await run(stage, stage.server, row, { kind: 'once' })]);
}

export function rowName(row: Row, stage: Stage): string {
  return `${row.title}, ${stage.label}`;
}

function run(stage: Stage, server: RunningServer, row: Row, pattern: Pattern): Promise<Measurement> {
  const { workload, connections } = row;
  const job: Job = {
    port: server.port,
    serverPid: server.pid,
    workload,
    connections,
    users: stage.users,
    pattern,
  };
  return stage.generator.run(job);
}

function closed(warmUpMs: number, windowMs: number): Pattern {
  return { kind: 'closed', warmUpMs, windowMs };
}

/** What the row left in the store, which must be exactly what was acknowledged: the rest is worth nothing otherwise. */
async function stored(stage: Stage, row: Row, measurements: readonly Measurement[]): Promise<Stored> {
  const { readsOnly, itemsPerRequest, linksPerRequest } = buildWorkload(row.workload);
  const counted = await stage.counter.countNew();
  const acknowledged = sum(measurements.map((measurement) => measurement.acknowledged));
  if (counted.items !== (readsOnly ? 0 : acknowledged)) {
    throw new Error(
      `${rowName(row, stage)}: ${acknowledged} items acknowledged, ${counted.items} found in the store`,
    );
  }
  // Users who did not exist before have links of their own.
  const links = (acknowledged / itemsPerRequest) * linksPerRequest;
  if (counted.links < links) {
    throw new Error(`${rowName(row, stage)}: ${counted.links} links of ids in the store instead of ${links}`);
  }
  return counted;
}

function figures(name: string, reals: readonly Measurement[], nullRate: number, counted: Stored): Figures {
  const sorted = latencies(reals);
  return {
    name,
    itemsPerSecond: rate(reals),
    nullItemsPerSecond: nullRate,
    ratio: rate(reals) / nullRate,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuUsPerItem: serverCpu(reals),
    bytesPerEvent: counted.blockBytes / counted.blockLines,
    stored: counted.items,
    acknowledged: sum(reals.map((real) => real.acknowledged)),
  };
}

function latencies(measurements: readonly Measurement[]): Float64Array {
  return joinSorted(measurements.map((measurement) => measurement.latenciesMs));
}

function items(measurements: readonly Measurement[]): number {
  return sum(measurements.map((measurement) => measurement.items));
}

function rate(measurements: readonly Measurement[]): number {
  return items(measurements) / sum(measurements.map((measurement) => measurement.seconds));
}

function serverCpu(measurements: readonly Measurement[]): number {
  return sum(measurements.map((measurement) => measurement.serverCpuMicros)) / items(measurements);
}

function generatorCpu(measurements: readonly Measurement[]): number {
  return sum(measurements.map((measurement) => measurement.generatorCpuMicros)) / items(measurements);
}
