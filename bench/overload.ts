/**
 * `npm run bench:overload`: the server under three times the load it can carry (design D16).
 *
 * First it is warmed up. Then its capacity, from 16 connections; then, as long again, requests become due at three times
 * that rate on hundreds of connections: what is accepted has to be answered soon, the rest refused, and memory must be what
 * it was under the first load; then the first load again, as long: how soon is it as fast as before, and how much memory has
 * it kept? Whatever was acknowledged is counted in the store.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Generator } from './generator.ts';
import type { Measurement, Pattern } from './load.ts';
import { endOnSignals, type Memory, memoryDuring } from './processes.ts';
import { machine } from './report.ts';
import { repository, startRapport } from './servers.ts';
import { percentile } from './statistics.ts';
import { StoredCounter } from './store.ts';
import { syncP99During } from './sync-probe.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

const users = 20_000;
const recoverySeconds = 5;
/**
 * Of the first load, before anything is measured. From an empty store memory grows under any load, whatever it is: caches
 * fill, and the history takes for its merges what it may (`memoryLimit`) from its first large one on, after some half a
 * minute. What a flood adds is only seen when that is over.
 */
const settleMs = 45_000;

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'multi50' },
    times: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '15' },
    connections: { type: 'string', default: '400' },
    // Few, so that the history is sealed and merged all the time; with very many, memory is that of the requests alone.
    'history-lines': { type: 'string', default: '50000' },
    data: { type: 'string', default: join(import.meta.dirname, '../node_modules/.cache') },
    'cpu-prof': { type: 'boolean', default: false },
  },
});
const workload = values.workload as WorkloadName;
const { itemsPerRequest } = buildWorkload(workload);

const dataFolder = mkdtempSync(join(values.data, 'bench-'));
process.once('exit', () => rmSync(dataFolder, { recursive: true, force: true }));
endOnSignals();
const profileFolder = values['cpu-prof'] ? repository : undefined;
const settings = { RAPPORT_HISTORY_LINES: values['history-lines'] };
const server = await startRapport({ dataFolder, profileFolder, settings });
const generator = new Generator();
let acknowledged = 0;

async function run(connections: number, pattern: Pattern): Promise<Measurement> {
  const job = { port: server.port, serverPid: server.pid, workload, connections, users, pattern };
  const measurement = await generator.run(job);
  acknowledged += measurement.acknowledged;
  return measurement;
}

function rateOf({ items, seconds }: Measurement): number {
  return items / itemsPerRequest / seconds;
}

function describe({ latenciesMs }: Measurement): string {
  const sorted = latenciesMs.toSorted();
  return `p50 ${percentile(sorted, 0.5).toFixed(0)} ms, p99 ${percentile(sorted, 0.99).toFixed(0)} ms`;
}

/** The most depends on how many merges of the history fall into it, each of which may take what its `memoryLimit` allows. */
function say({ middle, most }: Memory): string {
  return `${middle.toFixed(0)} MB (at most ${most.toFixed(0)} MB)`;
}

try {
  console.log(machine());
  const windowMs = Number(values.seconds) * 1000;
  let capacity = 0;
  await run(16, { kind: 'closed', warmUpMs: 0, windowMs: settleMs });
  const memoryBefore = await memoryDuring(server.pid, async () => {
    const before = await run(16, { kind: 'closed', warmUpMs: 1000, windowMs });
    capacity = rateOf(before);
    console.log(`capacity    ${capacity.toFixed(0)} requests/s of ${itemsPerRequest}, ${describe(before)}`);
  });
  const memoryOfFlood = await memoryDuring(server.pid, async () => {
    const requestsPerSecond = capacity * Number(values.times);
    const pattern = { kind: 'flood', warmUpMs: 1000, windowMs, requestsPerSecond } as const;
    const lateness = monitorEventLoopDelay({ resolution: 1 });
    lateness.enable();
    const [flood, syncP99Ms] = await syncP99During(dataFolder, () =>
      run(Number(values.connections), pattern),
    );
    lateness.disable();
    const share = (rateOf(flood) / capacity) * 100;
    console.log(
      `flood       ${requestsPerSecond.toFixed(0)} requests/s due, ${rateOf(flood).toFixed(0)} accepted (${share.toFixed(0)} % of capacity): ${describe(flood)}; ${flood.refused} refused, ${flood.unsent} found no connection`,
    );
    // What no server can be better than: this process has nothing to do, and the disk is the one that it writes to.
    const idle = (share: number) => (lateness.percentile(share) / 1e6).toFixed(0);
    console.log(
      `machine     an idle process is late by ${idle(99)} ms (p99; at most ${idle(100)} ms), a sync takes ${syncP99Ms.toFixed(0)} ms (p99)`,
    );
  });
  const memoryAfter = await memoryDuring(server.pid, async () => {
    for (let second = 1; second <= recoverySeconds; second++) {
      const after = await run(16, { kind: 'closed', warmUpMs: 0, windowMs: 1000 });
      const regained = (rateOf(after) / capacity) * 100;
      console.log(`${second} s after   ${regained.toFixed(0)} % of the capacity, ${describe(after)}`);
    }
    await run(16, { kind: 'closed', warmUpMs: 0, windowMs });
  });
  const memory = [
    `${say(memoryBefore)} before the flood`,
    `${say(memoryOfFlood)} in it`,
    `${say(memoryAfter)} after it`,
  ];
  console.log(`memory      ${memory.join(', ')}`);
  const stored = await new StoredCounter(dataFolder).countNew();
  console.log(`stored      ${stored.items} items, ${acknowledged} acknowledged`);
  if (stored.items !== acknowledged) process.exitCode = 1;
} finally {
  await generator.stop();
  await server.stop();
}
