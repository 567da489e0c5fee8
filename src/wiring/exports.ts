import type { ExportJob } from '../dialects/bloomreach/export-rows.ts';
import { Thread } from '../storage/sqlite/thread.ts';

/**
 * An export of the customers in `file`, written by a thread of its own that reads the rows of profiles beside the store.
 * One piece is made ahead of the one that is being sent. The thread starts with the first piece and ends with the last, or
 * as soon as nobody wants more, whatever it is doing then.
 */
export function writeExport(file: string, job: ExportJob): AsyncIterableIterator<Uint8Array> {
  let thread: Thread<'next', Uint8Array | undefined> | undefined;
  let ahead: Promise<Uint8Array | undefined> | undefined;
  const ask = (of: NonNullable<typeof thread>) => {
    ahead = of.ask('next');
    // Whoever takes it is told.
    ahead.catch(() => undefined);
    return ahead;
  };
  const stop = async () => {
    await thread?.stop();
    return { done: true, value: undefined } as const;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      thread ??= new Thread(new URL('./export-thread.ts', import.meta.url), { file, job });
      const value = await (ahead ?? ask(thread));
      if (value === undefined) return stop();
      ask(thread);
      return { done: false, value };
    },
    return: stop,
  };
}
