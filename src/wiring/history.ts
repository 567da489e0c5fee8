import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { firstEventId } from '../core/ids.ts';
import { DuckHistory } from '../storage/duckdb/history.ts';
import type { SqliteStore } from '../storage/sqlite/store.ts';

export function openHistory(
  { dataFolder, historyLines }: Settings,
  { file, store, clock }: { file: string; store: SqliteStore; clock: () => number },
): DuckHistory {
  return new DuckHistory({
    file,
    folder: join(dataFolder, 'history'),
    sealLines: historyLines,
    clock,
    lastEvent: () => store.lastEvent(),
    sealedUpTo: () => store.sealed?.last ?? firstEventId,
    isBusy: watchBusy(),
    seal: (sealing) => store.seal(sealing),
  });
}

/** The share of its time that a busy main thread works. */
const busyShare = 0.8;

/** Whether this thread had hardly a pause since the last time it was asked. */
function watchBusy(): () => boolean {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization > busyShare;
  };
}
