import type { Logger } from 'pino';
import { idempotencyWindowMs, timersEveryMs } from '../engine/limits.ts';
import type { Lookups } from '../engine/lookups.ts';
import type { Engine } from '../engine/submit.ts';
import type { Timers } from '../engine/timers.ts';

/** Old idempotency records are removed a slice at a time, this often; look-ups are stored then as well. */
const expireEveryMs = 1_000;
/** Slices each time: with 2,000 rows in one, 10,000 rows a second are looked at, more than are ever added. */
const expireSlices = 5;

const keepHistoryEveryMs = 1_000;

/** What the work needs. */
export interface BackgroundParts {
  readonly engine: Engine;
  readonly timers: Timers;
  readonly lookups: Lookups;
  readonly store: {
    expireRecords(beforeMs: number): Promise<void>;
    /** How far the lines are in files. */
    readonly sealed: { readonly last: number } | undefined;
    /** Removes blocks whose lines are. */
    prune(): Promise<void>;
    /** What deleted catalogs have left. */
    readonly catalogs: { removeGarbage(): Promise<void> };
  };
  readonly history: {
    /** Takes in and seals what is due. */
    tick(): Promise<{ readonly problem: string | undefined } | undefined>;
  };
  readonly clock: () => number;
  readonly log: Logger;
}

export interface Background {
  /** Nothing new begins. */
  pause(): Promise<void>;
  /** After the last request: stores what is still only in memory. */
  finish(): Promise<void>;
}

/** Starts what the server does without being asked: sessions time out, old records go, the history is sealed. */
export function startBackground(parts: BackgroundParts): Background {
  const { engine, timers, lookups, store, clock, log } = parts;
  const warn = (message: string) => (error: unknown) => log.warn({ err: error }, message);
  const storeLookups = () => lookups.flush().catch(warn('counts of look-ups could not be stored'));
  const expire = () => {
    const before = clock() - idempotencyWindowMs;
    const slices = Array.from({ length: expireSlices }, () => store.expireRecords(before));
    Promise.all(slices).catch(warn('expiry failed'));
    store.catalogs.removeGarbage().catch(warn('deleted catalogs could not be removed'));
    void storeLookups();
  };
  // A read that fails is a broken disk, as it is for the engine's own.
  const runTimers = () => timers.run().catch((error) => engine.fail(error));
  let isPaused = false;
  const keepHistory = historyKeeper(parts, () => isPaused);
  const running = [
    setInterval(expire, expireEveryMs),
    setInterval(runTimers, timersEveryMs),
    setInterval(() => keepHistory().catch(warn('the history is not kept up')), keepHistoryEveryMs),
  ];
  return {
    pause: async () => {
      isPaused = true;
      for (const each of running) clearInterval(each);
      await timers.stop();
    },
    finish: storeLookups,
  };
}

/** Lets the history seal, and removes the blocks that are sealed; rows of profiles have to hold their lines before. */
function historyKeeper(
  { engine, store, history, log }: BackgroundParts,
  isPaused: () => boolean,
): () => Promise<void> {
  let problem: string | undefined;
  let sealed: number | undefined;
  return async () => {
    const status = await history.tick();
    // The server has stopped meanwhile; the next start does the rest.
    if (isPaused()) return;
    if (status?.problem !== undefined && status.problem !== problem) {
      log.warn({ problem: status.problem }, 'the history cannot be sealed');
    }
    problem = status?.problem;
    // Rows that cannot be written stop the server, or refuse whoever writes then: it is told there.
    if (store.sealed?.last !== sealed) engine.writeRows().catch(() => undefined);
    sealed = store.sealed?.last;
    await store.prune();
  };
}
