/**
 * `npm run bench:steps`: what each step of a request costs, in microseconds of processor time per item.
 *
 * The server runs under its load with a sampling profiler, so nothing in its code measures anything. Samples of the main
 * thread are folded into steps by file and function (`profile-steps.ts`) and scaled to the processor time that the system
 * counted for that thread; of the other threads there is their time as a whole. The profiler itself costs a few per cent.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator } from './generator.ts';
import { endOnSignals, threadCpuMicros } from './processes.ts';
import { type CpuProfile, foldProfile, steps } from './profile-steps.ts';
import { machine } from './report.ts';
import { type Row, selectRows } from './rows.ts';
import { type RunningServer, startRapport } from './servers.ts';
import { sum } from './statistics.ts';

const users = 20_000;
const warmUpMs = 2_000;
/** What the system calls the thread that decodes, applies and renders. */
const mainThread = 'node-MainThread';
/** The profiler's own thread is no cost of the server. */
const isProfiler = /^v8:Prof/;

interface Window {
  readonly row: Row;
  readonly items: number;
  readonly fromMicros: number;
  readonly toMicros: number;
  /** Processor time of threads, by name. */
  readonly threads: ReadonlyMap<string, number>;
}

async function measure(
  server: RunningServer,
  generator: Generator,
  row: Row,
  windowMs: number,
): Promise<Window> {
  const { workload, connections } = row;
  const run = (milliseconds: number) => {
    const pattern = { kind: 'closed', warmUpMs: 0, windowMs: milliseconds } as const;
    return generator.run({ port: server.port, serverPid: server.pid, workload, connections, users, pattern });
  };
  await run(warmUpMs);
  const before = threadCpuMicros(server.pid);
  const fromMicros = nowMicros();
  const { acknowledged } = await run(windowMs);
  const toMicros = nowMicros();
  const after = threadCpuMicros(server.pid);
  const spent = [...after].map(([name, micros]) => [name, micros - (before.get(name) ?? 0)] as const);
  const threads = new Map(spent.filter(([name]) => !isProfiler.test(name)));
  return { row, items: acknowledged, fromMicros, toMicros, threads };
}

/** The clock of V8's profiles. */
function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function readMainProfile(folder: string): CpuProfile {
  // CPU.<day>.<time>.<process>.<thread>.<number>.cpuprofile; the main thread is number 0.
  const file = readdirSync(folder).find((name) => name.split('.')[4] === '0');
  if (file === undefined) throw new Error(`The server left no profile in ${folder}`);
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
}

/** Lines of a table: the steps of the main thread, the other threads, and all of it. */
function costs(profile: CpuProfile, { items, fromMicros, toMicros, threads }: Window): Map<string, number> {
  const folded = foldProfile(profile, { fromMicros, toMicros });
  const main = threads.get(mainThread) ?? 0;
  const scale = main / sum(folded.values()) / items;
  const lines = new Map<string, number>(steps.map((step) => [step, (folded.get(step) ?? 0) * scale]));
  for (const [name, micros] of threads) {
    if (name !== mainThread && micros > 0) lines.set(`thread ${name}`, micros / items);
  }
  lines.set('all', sum(threads.values()) / items);
  return lines;
}

function print(rows: readonly (readonly [title: string, costs: ReadonlyMap<string, number>])[]): void {
  const lines = new Set(rows.flatMap(([, found]) => [...found.keys()].filter((it) => it !== 'all')));
  const width = Math.max(...[...lines].map((line) => line.length));
  console.log(`${'µs per item'.padEnd(width)}  ${rows.map(([title]) => title.padStart(10)).join('  ')}`);
  for (const line of [...lines, 'all']) {
    const cells = rows.map(([, found]) => (found.get(line) ?? 0).toFixed(2).padStart(10));
    console.log(`${line.padEnd(width)}  ${cells.join('  ')}`);
  }
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: 'multi50,batch10,track,sdk,start' },
    seconds: { type: 'string', default: '5' },
    data: { type: 'string', default: join(import.meta.dirname, '../node_modules/.cache') },
  },
});
const dataFolder = mkdtempSync(join(values.data, 'bench-'));
const profileFolder = mkdtempSync(join(values.data, 'bench-profile-'));
process.once('exit', () => {
  for (const folder of [dataFolder, profileFolder]) rmSync(folder, { recursive: true, force: true });
});
endOnSignals();
const server = await startRapport({ dataFolder, profileFolder });
const generator = new Generator();
const windows: Window[] = [];
try {
  for (const row of selectRows(values.rows)) {
    if (row.pacedBy === undefined)
      windows.push(await measure(server, generator, row, Number(values.seconds) * 1000));
  }
} finally {
  await generator.stop();
  await server.stop();
}
const profile = readMainProfile(profileFolder);
console.log(machine());
print(windows.map((window) => [window.row.key, costs(profile, window)]));
