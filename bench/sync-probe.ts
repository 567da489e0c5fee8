import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './statistics.ts';

const pageBytes = 4096;
/** Seldom enough to be no load beside the hundreds of syncs a second of the server. */
const everyMs = 20;

/**
 * The p99 in milliseconds of writing a page and syncing it in `folder`, while some work is done: who waits for the same
 * disk cannot be answered sooner than that.
 */
export async function syncP99During<T>(folder: string, work: () => Promise<T>): Promise<[T, number]> {
  const path = join(folder, 'sync-probe');
  const file = await open(path, 'w');
  const page = Buffer.alloc(pageBytes, 1);
  const tookMs: number[] = [];
  let isOver = false;
  const probing = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await file.write(page, 0, pageBytes, 0);
      await file.datasync();
      tookMs.push(performance.now() - startedAt);
      await sleep(everyMs);
    }
  })();
  try {
    const result = await work();
    isOver = true;
    await probing;
    return [result, percentile(Float64Array.from(tookMs).sort(), 0.99)];
  } finally {
    isOver = true;
    await probing.catch(() => undefined);
    await file.close();
    await rm(path);
  }
}
