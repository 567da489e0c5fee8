/** Backups of a server under load: everything acknowledged before one began is in it, and nothing twice. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { admin, rapport } from '../support/admin.ts';
import { freshSeed, randomFrom } from '../support/random.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { storedLines } from '../support/stored-lines.ts';
import { checkLines } from './check.ts';
import { Connection } from './connection.ts';
import { Ledger } from './ledger.ts';
import { makeWriters, write } from './writers.ts';

const timeout = 180_000;

test('backups made while clients write', { timeout }, async (context) => {
  const { signal } = context;
  const seed = freshSeed();
  context.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  const folder = newScratchFolder();
  await using server = await startServer({ signal });
  const ledger = new Ledger();
  const writers = makeWriters({ count: 8, prefix: 'backup', random, ledger, padding: 4_000 });
  const connection = new Connection(server, 'crashes');
  const stop = new AbortController();
  const work = Promise.all(writers.map((writer) => write(writer, connection, stop.signal)));
  work.catch(() => undefined); // It is awaited below.

  const backups: { at: string; promised: Ledger }[] = [];
  for (let n = 0; n < 3; n++) {
    const before = connection.acknowledged.leanplum;
    await connection.until(({ acknowledged }) => acknowledged.leanplum > before + 30);
    const acknowledged = new Set(ledger.items.filter((item) => item.fate === 'acknowledged'));
    const at = join(folder, `backup-${n}`);
    const { code, stderr } = await rapport(['backup', at, '--data', server.dataFolder], { signal });
    assert.equal(code, 0, stderr);
    // What came later may be in it or not.
    const promised = new Ledger();
    for (const item of ledger.items) {
      promised.items.push({ ...item, fate: acknowledged.has(item) ? 'acknowledged' : 'unknown' });
    }
    backups.push({ at, promised });
  }
  stop.abort();
  await work;
  const last = backups.at(-1) ?? assert.fail();
  assert.ok(last.promised.count('unknown') > 0, 'nobody wrote meanwhile');

  for (const { at, promised } of backups) {
    const dataFolder = `${at}-restored`;
    const restored = await rapport(['restore', at, '--data', dataFolder], { signal });
    assert.equal(restored.code, 0, restored.stderr);
    await using next = await startServer({ signal, dataFolder });
    await compare(promised, next);
  }
  removeScratchFolder(folder);
});

/** The lines are those of the ledger, and what the server tells of each user agrees with them. */
async function compare(promised: Ledger, server: Server): Promise<void> {
  const stored = checkLines(promised, await storedLines(server.dataFolder));
  for (const [userId, items] of stored) {
    const answer = await leanplum(server, { action: 'exportUser', userId }, { key: 'dataExport' });
    const counts = Object.values(answer.body.response[0]?.events ?? {}).map((event) => event.count);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      items.length,
      `counters of ${userId}: ${answer.text}`,
    );
    const one = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
      customer_ids: { registered: userId },
    });
    assert.equal(one.body.events?.length, items.length, `history of ${userId}`);
  }
}

test('commits go on while a backup reads, and it stays one moment', { timeout }, async ({ signal }) => {
  const folder = newScratchFolder();
  await using server = await startServer({ signal });
  for (let n = 0; n < 20; n++) await leanplum(server, { action: 'track', userId: `early-${n}`, event: 'a' });
  const target = join(folder, 'backup');
  const { body } = await admin<{ id: string }>(server.dataFolder, 'POST', '/backups', { folder: target });
  let written = 0;
  for (let state = 'running'; state === 'running'; written++) {
    const answer = await leanplum(server, { action: 'track', userId: `late-${written}`, event: 'a' });
    assert.equal(answer.status, 200, answer.text);
    const asked = await admin<{ state: string }>(server.dataFolder, 'GET', `/backups/${body.id}`);
    state = asked.body.state;
  }
  const database = new DatabaseSync(join(target, 'rapport.sqlite'), { readOnly: true });
  const users = database
    .prepare("SELECT value FROM identities WHERE kind = 'user' ORDER BY id")
    .all()
    .map((row) => String(row['value']));
  database.close();
  const expected = Array.from({ length: 20 }, (_, n) => `early-${n}`);
  assert.deepEqual(users.slice(0, 20), expected);
  // Of those who came meanwhile the first ones, without a gap.
  assert.deepEqual(
    users.slice(20),
    users.slice(20).map((_, n) => `late-${n}`),
  );
  removeScratchFolder(folder);
});

test('a backup that a crash broke off is no backup', { timeout }, async ({ signal }) => {
  const folder = newScratchFolder();
  await using server = await startServer({ signal });
  for (let n = 0; n < 20; n++) await leanplum(server, { action: 'track', userId: `${n}`, event: 'a' });
  const target = join(folder, 'backup');
  await admin(server.dataFolder, 'POST', '/backups', { folder: target });
  await server.kill();
  // It may have been done already, and otherwise has no manifest.
  const isComplete = existsSync(join(target, 'manifest.json'));
  const restored = await rapport(['restore', target, '--data', join(folder, 'data')], { signal });
  assert.equal(restored.code, isComplete ? 0 : 1, restored.stderr);
  if (!isComplete) assert.match(restored.stderr, /is no complete backup: it has no manifest\.json/);
  removeScratchFolder(folder);
});

test('a copy of a backup is as good', { timeout }, async ({ signal }) => {
  const folder = newScratchFolder();
  await using server = await startServer({ signal });
  await leanplum(server, { action: 'track', userId: 'ann', event: 'a' });
  const at = join(folder, 'backup');
  assert.equal((await rapport(['backup', at, '--data', server.dataFolder], { signal })).code, 0);
  cpSync(at, join(folder, 'moved'), { recursive: true });
  const dataFolder = join(folder, 'data');
  const restored = await rapport(['restore', join(folder, 'moved'), '--data', dataFolder], { signal });
  assert.equal(restored.code, 0, restored.stderr);
  assert.ok(readdirSync(dataFolder).includes('rapport.sqlite'));
  removeScratchFolder(folder);
});
