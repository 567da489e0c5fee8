import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Linux lists the threads of a process here, and each has a priority of its own. */
const threadsFolder = '/proc/self/task';
/** The name of the threads of libuv's pool; those that DuckDB starts from them inherit it. */
const poolName = 'libuv-worker';

/**
 * Lets the threads of libuv's pool, and those that were started from them, run behind all others of this process while there
 * are not processors enough. `niceness` is what nice(1) takes: 0 is as all others, 19 the least. It cannot be taken back.
 * On other systems than Linux it does nothing.
 */
export function lowerPoolPriority(niceness: number): void {
  for (const thread of poolThreads()) setPriority(thread, niceness);
}

/** Ids of threads, as `os.getPriority` takes them. */
export function poolThreads(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync(threadsFolder)
    .filter((id) => nameOf(id) === poolName)
    .map(Number);
}

function nameOf(thread: string): string {
  try {
    return readFileSync(`${threadsFolder}/${thread}/comm`, 'utf8').trim();
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
