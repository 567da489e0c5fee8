import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Linux lists the threads of a process here, and each has a priority of its own. */
const threadsFolder = '/proc/self/task';
/** The name of the threads of libuv's pool; those that DuckDB starts from them inherit it. */
const poolName = 'libuv-worker';

/**
 * Lets the threads of libuv's pool, and those that were started from them, run behind all others of this process while there
 * are not processors enough. `niceness` is what nice(1) takes: 0 is as most processes are, 19 the least; a thread that is
 * behind already stays there. It cannot be taken back. On other systems than Linux, and where it is not allowed, nothing
 * changes: everything works as well, only not as far behind.
 */
export function lowerPoolPriority(niceness: number): void {
  lowerPriority(poolName, niceness);
}

/** The same for the threads of a name: a Worker's is its option `name`. */
export function lowerPriority(name: string, niceness: number): void {
  for (const thread of threadsOf(name)) {
    try {
      if (getPriority(thread) < niceness) setPriority(thread, niceness);
    } catch {
      // The thread has ended meanwhile, or a sandbox does not allow it.
    }
  }
}

/** Ids of threads, as `os.getPriority` takes them; none where they are not to be seen. */
export function poolThreads(): number[] {
  return threadsOf(poolName);
}

function threadsOf(name: string): number[] {
  if (!existsSync(threadsFolder)) return [];
  return readdirSync(threadsFolder)
    .filter((id) => nameOf(id) === name)
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
