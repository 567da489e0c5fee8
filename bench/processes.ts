import { readdirSync, readFileSync } from 'node:fs';
import { percentile } from './statistics.ts';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick. */
const microsPerTick = 10_000;
const memorySampleMs = 100;

/** Resident megabytes over some time: the middle one tells what is needed all the time, the most what is taken at once. */
export interface Memory {
  readonly middle: number;
  readonly most: number;
}

/** Processor time of all threads of a process, user and system; NaN where there is no /proc. */
export function processCpuMicros(pid: number): number {
  return cpuMicrosOf(readProc(pid, 'stat'));
}

/** The same by the names of threads; those of one name together. Nothing where there is no /proc. */
export function threadCpuMicros(pid: number): Map<string, number> {
  const byName = new Map<string, number>();
  for (const thread of threadsOf(pid)) {
    const name = readProc(pid, `task/${thread}/comm`).trim();
    const micros = cpuMicrosOf(readProc(pid, `task/${thread}/stat`));
    byName.set(name, (byName.get(name) ?? 0) + micros);
  }
  return byName;
}

function cpuMicrosOf(stat: string): number {
  // The command may hold spaces, so the fields are counted from the bracket that closes it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Resident memory in bytes; NaN where there is no /proc. */
export function processResidentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
}

/** Samples the resident memory of a process while some work is done. */
export async function memoryDuring(pid: number, work: () => Promise<void>): Promise<Memory> {
  const samples: number[] = [];
  const sample = () => samples.push(processResidentBytes(pid) / 2 ** 20);
  sample();
  const timer = setInterval(sample, memorySampleMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  sample();
  const sorted = Float64Array.from(samples).sort();
  return { middle: percentile(sorted, 0.5), most: percentile(sorted, 1) };
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/**
 * An interrupt ends us by its signal, after everything that is cleaned up at an exit: without this the servers and their
 * data would be left behind. Not through `process.exit`: it takes the threads of DuckDB apart while they work, and aborts.
 */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.emit('exit', 0);
      process.kill(process.pid, signal);
    });
  }
}
