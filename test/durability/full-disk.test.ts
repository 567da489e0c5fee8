import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshSeed, randomFrom } from '../support/random.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { checkEverything } from './check.ts';
import { Connection } from './connection.ts';
import { Ledger } from './ledger.ts';
import { refusedByBloomreach, refusedByLeanplum } from './requests.ts';
import { makeWriters, write } from './writers.ts';

test('a full disk refuses writes, loses nothing, and serves again when there is room', {
  timeout: 90_000,
}, async (t) => {
  const disk = mountSmallDisk(48);
  if ('refusal' in disk) return t.skip(disk.refusal);
  using mounted = disk;
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const ledger = new Ledger();
  const dataFolder = join(mounted.folder, 'data');
  await using server = await startServer({ signal: t.signal, dataFolder });
  await writeAcrossFullDisk(server, mounted, ledger, seed);
  t.diagnostic(
    `${ledger.count('acknowledged')} items acknowledged, ${ledger.count('refused')} refused for good`,
  );
  assert.ok(ledger.count('refused') > 50, 'many were sent once only, and are to be found nowhere');
  await checkEverything(ledger, server);

  await server.kill();
  await using next = await startServer({ signal: t.signal, dataFolder });
  await checkEverything(ledger, next);
});

async function writeAcrossFullDisk(
  server: Server,
  disk: SmallDisk,
  ledger: Ledger,
  seed: number,
): Promise<void> {
  const random = randomFrom(seed);
  const common = { random, ledger, padding: 2000 };
  const writers = [
    ...makeWriters({ count: 4, prefix: 'patient', style: 'one dialect', ...common }),
    ...makeWriters({ count: 2, prefix: 'careless', style: 'never repeats', ...common }),
  ];
  const connection = new Connection(server, 'the disk is full');
  const { acknowledged, refused } = connection;
  const stop = new AbortController();
  const work = Promise.all(writers.map((writer) => write(writer, connection, stop.signal)));
  const answers = (enough: () => boolean) => Promise.race([connection.until(enough), work]);
  work.catch(() => undefined); // It is awaited below; until then a failure must not count as unhandled.

  await answers(() => acknowledged.leanplum > 20 && acknowledged.bloomreach > 20);
  disk.fill();
  await answers(() => refused.leanplum > 50 && refused.bloomreach > 50);
  await checkReads(server, ledger);
  disk.makeRoom();
  const before = { ...acknowledged };
  await answers(
    () => acknowledged.leanplum > before.leanplum + 20 && acknowledged.bloomreach > before.bloomreach + 20,
  );
  stop.abort();
  await work;
}

/** Reading needs no room. A read that saw a write which was then taken back is refused with it, and repeated. */
async function checkReads(server: Server, ledger: Ledger): Promise<void> {
  const user = ledger.items.find((item) => item.fate === 'acknowledged')?.user ?? 'nobody';
  await until(async () => {
    const answer = await leanplum(server, { action: 'exportUser', userId: user }, { key: 'dataExport' });
    if (answer.status === 503) return refusedByLeanplum(answer) !== 'refused';
    return answer.body.response[0]?.userId === user;
  }, 'exportUser on a full disk');
  await until(async () => {
    const path = '/data/v2/projects/{token}/customers/export-one';
    const answer = await bloomreach(server, path, { customer_ids: { registered: user } });
    if (answer.status === 503) return refusedByBloomreach(answer) !== 'refused';
    return (answer.body.events?.length ?? 0) > 0;
  }, 'export-one on a full disk');
}
