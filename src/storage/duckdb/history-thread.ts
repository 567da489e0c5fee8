import { parentPort, workerData } from 'node:worker_threads';
import type { Sealing, WantedLines } from '../../engine/store.ts';
import { Calls, type End } from './calls.ts';
import { HistoryWorker, type WorkerOptions } from './worker.ts';

/** The history's thread: its worker behind questions and answers. */
const opened: Promise<HistoryWorker> = HistoryWorker.open(workerData as WorkerOptions, (sealing: Sealing) =>
  calls.ask('seal', sealing),
);
const calls: Calls = new Calls(parentPort as End, {
  linesOf: async (wanted: WantedLines) => (await opened).linesOf(wanted),
  query: async (sql: string) => (await opened).query(sql),
  tick: async (nowMs: number) => (await opened).tick(nowMs),
  settle: async (nowMs: number) => (await opened).settle(nowMs),
  close: async () => {
    try {
      await (await opened).close();
    } finally {
      // With nothing more to wait for the thread ends by itself, after the answer.
      setImmediate(() => parentPort?.close());
    }
  },
});
// Whoever has asked is told why; then the thread ends, and the next question starts another.
opened.catch(() => setImmediate(() => parentPort?.close()));
