import { parentPort, workerData } from 'node:worker_threads';
import type { Sealing, WantedLines } from '../../engine/store.ts';
import { Calls, type End } from './calls.ts';
import { HistoryWorker, type WorkerOptions } from './worker.ts';

/** The history's thread: its worker behind questions and answers. */
const opened = HistoryWorker.open(workerData as WorkerOptions, (sealing: Sealing) =>
  calls.ask('seal', sealing),
);
// Whoever asks is told; before that nobody has to be.
opened.catch(() => undefined);

const calls: Calls = new Calls(parentPort as End, {
  linesOf: async (wanted: WantedLines) => (await worker()).linesOf(wanted),
  query: async (sql: string) => (await worker()).query(sql),
  tick: async (nowMs: number) => (await worker()).tick(nowMs),
  settle: async (nowMs: number) => (await worker()).settle(nowMs),
  close: async () => {
    await (await worker()).close();
    end();
  },
});

/** The worker; if it could not be opened, the thread ends with this answer, and the next question starts another. */
async function worker(): Promise<HistoryWorker> {
  try {
    return await opened;
  } catch (error) {
    end();
    throw error;
  }
}

/** After the answers that are on their way; with nothing to wait for, the thread ends by itself. */
function end(): void {
  setImmediate(() => parentPort?.close());
}
