import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshSeed, type Random, randomFrom } from '../support/random.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, type Server, startServer } from '../support/server.ts';
import { attachStrace, straceRefusal } from '../support/strace.ts';
import { checkEverything } from './check.ts';
import { Connection } from './connection.ts';
import { Ledger } from './ledger.ts';
import { makeWriters, write } from './writers.ts';

/**
 * Where it breaks. The first two do so when every client has had the time to send something and waits. Whether SQLite
 * uses fsync or fdatasync is up to its build.
 */
const failures: Record<string, Failure> = {
  'a sync of the WAL': { inject: 'fsync,fdatasync:error=EIO:delay_enter=1000000', everybodyWaits: true },
  'a write to the WAL': { inject: 'pwrite64:error=EIO:delay_enter=1000000', everybodyWaits: true },
  'a later sync': { inject: 'fsync,fdatasync:error=EIO:when=20+' },
  'a checkpoint': { inject: 'fsync,fdatasync:error=EIO', onlyFile: 'rapport.sqlite' },
};

interface Failure {
  inject: string;
  everybodyWaits?: boolean;
  onlyFile?: string;
}

describe('an I/O error stops the server, and nothing is lost or doubled', () => {
  for (const [name, failure] of Object.entries(failures)) {
    test(name, { timeout: 60_000 }, async (t) => {
      const refusal = await straceRefusal();
      if (refusal !== undefined) return t.skip(refusal);
      const seed = freshSeed();
      t.diagnostic(`seed ${seed}`);
      await stopAndRestart(failure, seed, t.signal);
    });
  }
});

/** Errors that meet one request on an otherwise quiet server. */
describe('an I/O error stops the server also', () => {
  const calls: Record<string, { inject: string; ask(server: Server): Promise<{ status: number }> }> = {
    'when a state is read': {
      inject: 'pread64:error=EIO',
      ask: (server) => leanplum(server, { action: 'exportUser', userId: 'ann' }, { key: 'dataExport' }),
    },
    'when readiness is probed': {
      inject: 'fsync,fdatasync:error=EIO',
      ask: (server) => fetch(`${server.url}/health/ready`),
    },
  };
  for (const [name, { inject, ask }] of Object.entries(calls)) {
    test(name, { timeout: 10_000 }, async (t) => {
      const refusal = await straceRefusal();
      if (refusal !== undefined) return t.skip(refusal);
      const { signal } = t;
      await using first = await startServer({ signal });
      await leanplum(first, { action: 'track', userId: 'ann', event: 'x' });
      await first.stop();
      await using server = await startServer({ signal, dataFolder: first.dataFolder });
      await using _tracer = await attachStrace(server.pid, join(newScratchFolder(), 'trace'), { inject });
      assert.equal((await ask(server)).status, 503);
      assert.notEqual((await server.exited).code ?? 0, 0);
    });
  }
});

async function stopAndRestart(failure: Failure, seed: number, signal: AbortSignal): Promise<void> {
  const ledger = new Ledger();
  const random = randomFrom(seed);
  const writers = makeWriters({
    count: 6,
    prefix: 'io',
    random,
    ledger,
    style: 'one dialect',
  });
  await using server = await startServer({ signal });
  const connection = new Connection(server, 'the server ends by itself');
  const stop = new AbortController();
  const work = Promise.all(writers.map((writer) => write(writer, connection, stop.signal)));
  work.catch(() => undefined); // It is awaited below; until then a failure must not count as unhandled.
  await Promise.race([work, connection.until(({ acknowledged }) => acknowledged.bloomreach > 20)]);

  const { inject, onlyFile } = failure;
  const only = onlyFile === undefined ? {} : { onlyFile: join(server.dataFolder, onlyFile) };
  await using _tracer = await attachStrace(server.pid, join(newScratchFolder(), 'trace'), {
    inject,
    ...only,
  });
  if (onlyFile !== undefined) await writeUntilCheckpoint(server, random);
  const exit = await Promise.race([server.exited, work.then(() => assert.fail('nobody stops the clients'))]);
  assert.equal(exit.signal, null);
  assert.notEqual(exit.code, 0, server.stderr());
  if (failure.everybodyWaits === true) {
    assert.equal(connection.broken, 0, 'everybody who waits is told');
    assert.ok(connection.refused.leanplum >= 3 && connection.refused.bloomreach >= 3, 'in both dialects');
  }

  await using next = await startServer({ signal, dataFolder: server.dataFolder });
  stop.abort();
  connection.comeUp(next);
  await work;
  await checkEverything(ledger, next);
}

/** The WAL is copied into the database when it is large; large attributes get it there with few requests. */
async function writeUntilCheckpoint(server: Server, random: Random): Promise<void> {
  let ended = false;
  const end = server.exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const data = Array.from({ length: 50 }, (_, user) => {
      return {
        action: 'setUserAttributes',
        userId: `large-${user}`,
        userAttributes: { pad: random.noise(15_000) },
      };
    });
    const answered = leanplum(server, { action: 'multi', time: Date.now() / 1000, data });
    await Promise.race([end, answered.catch(() => end)]);
  }
}
