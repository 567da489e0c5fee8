/**
 * Kills the server at random moments under load, starts it again on the same data, and compares what the clients were
 * told with what is there. `npm test` runs a few rounds; `node test/durability/crash.ts --rounds 10000 --seed 1` more,
 * with `--history-lines 40` also of the history.
 */
import assert from 'node:assert/strict';
import { inspect, parseArgs } from 'node:util';
import { freshSeed, type Random, randomFrom } from '../support/random.ts';
import {
  keepScratchFolder,
  newScratchFolder,
  removeScratchFolder,
  type Server,
  ServerDidNotStart,
  type ServerOptions,
  startServer,
} from '../support/server.ts';
import { checkEverything } from './check.ts';
import { Connection } from './connection.ts';
import { countLeftovers, namedFiles, readAlong } from './history.ts';
import { Ledger } from './ledger.ts';
import type { Writer } from './requests.ts';
import { makeWriters, write } from './writers.ts';

export interface CrashOptions {
  rounds: number;
  /** Seal after so few lines that most crashes meet the history at work, and let clients read it all the time. */
  historyLines?: number;
  seed: number;
  log(text: string): void;
  signal?: AbortSignal;
}

/** Returns how many items were acknowledged and how many have an unknown fate, over all rounds. */
export async function crashRounds({
  rounds,
  seed,
  historyLines,
  log,
  signal,
}: CrashOptions): Promise<Totals> {
  const random = randomFrom(seed);
  const options = {
    ...(signal !== undefined && { signal }),
    ...(historyLines !== undefined && { environment: { RAPPORT_HISTORY_LINES: String(historyLines) } }),
  };
  const totals: Totals = { acknowledged: 0, unknown: 0, sealedFiles: 0, leftoverFiles: 0 };
  for (let done = 0; done < rounds; done += roundsPerFolder) {
    const ledger = await crashOneFolder(Math.min(roundsPerFolder, rounds - done), random, options, totals);
    totals.acknowledged += ledger.count('acknowledged');
    totals.unknown += ledger.count('unknown');
    log(`${Math.min(done + roundsPerFolder, rounds)} rounds of ${rounds}: ${JSON.stringify(totals)}`);
  }
  return totals;
}

export interface Totals {
  acknowledged: number;
  unknown: number;
  /** Files of the history at the last crash of each folder. */
  sealedFiles: number;
  /** Files that crashes left behind unnamed: they met a file being written or about to be removed. */
  leftoverFiles: number;
}

/** So many crashes happen to one store, each checked in full, before it is thrown away for an empty one. */
const roundsPerFolder = 25;

async function crashOneFolder(
  rounds: number,
  random: Random,
  options: ServerOptions,
  totals: Totals,
): Promise<Ledger> {
  const dataFolder = newScratchFolder();
  const inFolder = { ...options, dataFolder };
  const ledger = new Ledger();
  const writers = makeWriters({ count: 6, prefix: 'crash', random, ledger });
  let server = await startAgain(inFolder, random);
  let round = 1;
  try {
    for (; round <= rounds; round += 1) {
      server = await crashOnce(server, writers, inFolder, random, ledger, totals);
      await checkEverything(
        ledger,
        server,
        round === rounds ? ledger.users() : [random.pick(ledger.users())],
      );
    }
    totals.sealedFiles += namedFiles(dataFolder).size;
  } catch (cause) {
    keepScratchFolder(dataFolder);
    const state = `${server.stderr()} (${await Promise.race([server.exited.then(inspect), 'still alive'])})`;
    throw new Error(`crash ${round} of ${dataFolder}, which is kept: ${String(cause)}\n${state}`, { cause });
  } finally {
    await server[Symbol.asyncDispose]();
  }
  removeScratchFolder(dataFolder);
  return ledger;
}

async function crashOnce(
  server: Server,
  writers: readonly Writer[],
  options: ServerOptions,
  random: Random,
  ledger: Ledger,
  totals: Totals,
): Promise<Server> {
  const connection = new Connection(server, 'crashes');
  const stop = new AbortController();
  const reading =
    options.environment === undefined ? [] : [readAlong(connection, ledger, random, stop.signal)];
  const work = Promise.all([...writers.map((it) => write(it, connection, stop.signal)), ...reading]);
  work.catch(() => undefined); // It is awaited below; until then a failure must not count as unhandled.
  const enough = random.below(120);
  await Promise.race([
    work,
    connection.until(({ acknowledged }) => acknowledged.leanplum + acknowledged.bloomreach >= enough),
  ]);
  await moment(random);
  connection.goDown();
  stop.abort();
  await end(server, random);
  totals.leftoverFiles += countLeftovers(server.dataFolder);
  const next = await startAgain(options, random);
  connection.comeUp(next);
  try {
    await work;
  } catch (error) {
    await next[Symbol.asyncDispose]();
    throw error;
  }
  return next;
}

/** Answers come in step with commits; a short random delay moves the crash to any point between two of them. */
function moment(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(12)));
}

/** Mostly by a crash; sometimes by a proper stop, and sometimes by a crash in the middle of one. */
async function end(server: Server, random: Random): Promise<void> {
  const stopped = random.chance(0.2) ? server.stop() : undefined;
  if (stopped !== undefined && random.chance(0.5)) assert.deepEqual(await stopped, { code: 0, signal: null });
  else if (stopped !== undefined) await moment(random);
  await server[Symbol.asyncDispose]();
}

/** Sometimes the machine crashes again while the server is still starting. */
async function startAgain(options: ServerOptions, random: Random): Promise<Server> {
  while (random.chance(0.2)) {
    try {
      const tooFast = await startServer({ ...options, readyWithinMs: random.between(50, 500) });
      await tooFast[Symbol.asyncDispose]();
    } catch (error) {
      // Killed on the way is what was wanted; a start that failed of itself is not.
      if (!(error instanceof ServerDidNotStart) || error.exit !== undefined) throw error;
    }
  }
  return startServer(options);
}

if (import.meta.main) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { rounds: text, seed: text, 'history-lines': text } });
  const seed = Number(values.seed ?? freshSeed());
  console.log(`seed ${seed}`);
  const lines = values['history-lines'];
  await crashRounds({
    rounds: Number(values.rounds ?? 20),
    seed,
    ...(lines !== undefined && { historyLines: Number(lines) }),
    log: (line) => console.log(line),
  });
}
