import { parentPort, workerData } from 'node:worker_threads';
import { type BackupOptions, makeBackup, type Progress } from './make-backup.ts';

/** What the thread says: how far it is, and in the end why it failed, if it did. */
export type BackupMessage =
  | { readonly progress: Progress }
  | { readonly problem: { readonly message: string; readonly isExpected: boolean } };

export type BackupThreadData = Omit<BackupOptions, 'onProgress'>;

const tellEveryMs = 100;

/** Makes one backup and ends. */
const port = parentPort;
if (port === null) throw new Error('This file is a thread, not a program');
const tell = (message: BackupMessage) => port.postMessage(message);
let toldMs = 0;
let toldStep: Progress['step'] | undefined;
try {
  makeBackup({
    ...(workerData as BackupThreadData),
    onProgress: (progress) => {
      const nowMs = performance.now();
      if (progress.step === toldStep && nowMs - toldMs < tellEveryMs) return;
      toldMs = nowMs;
      toldStep = progress.step;
      tell({ progress });
    },
  });
} catch (error) {
  const { name, message, code } = error as { name: string; message: string; code?: unknown };
  tell({ problem: { message, isExpected: name === 'BackupError' || typeof code === 'string' } });
}
