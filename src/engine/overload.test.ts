import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ProjectId } from '../core/ids.ts';
import { GatedStore } from '../storage/contract/gated-store.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Batch, BatchResult, Item } from './batch.ts';
import { userQueueMax } from './limits.ts';
import { Engine } from './submit.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-overload-'));
const file = join(folder, 'rapport.sqlite');
const database = openWriter(file);
migrate(database);
database.close();
const store = new SqliteStore(file);
let projects = 0;

after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** An engine whose store does not answer reads until it is let go: everybody waits. */
function stuckEngine(waitMaxMs?: number) {
  const gate = new GatedStore(store);
  const fail = (error: unknown) => assert.fail(String(error));
  const more = waitMaxMs === undefined ? {} : { waitMaxMs };
  const engine = new Engine({ store: gate, clock: Date.now, onFatal: fail, onBug: fail, ...more });
  gate.hold('read');
  projects += 1;
  const project = projects as ProjectId;
  const ask = (...names: string[]) =>
    engine.submit({ project, items: names.map(read), bytes: 0 } satisfies Batch);
  return { engine, gate, ask };
}

function read(name: string): Item {
  const ids = [{ kind: 'user' as const, value: name, attach: true }];
  return { command: { kind: 'read_profile', ids, create: false } };
}

const serverBusy: BatchResult = { code: 'unavailable', retryAfterSec: 2 };
const userBusy: BatchResult = { code: 'unavailable', retryAfterSec: 2, userBusy: true };
const notFound: BatchResult = { code: 'done', outcomes: [{ code: 'user_not_found' }] };

test('who waits too long is refused: for his user if others wait for him, else for the server', async () => {
  const { engine, gate, ask } = stuckEngine(20);
  const first = [ask('ann'), ask('ann'), ask('bob'), ask('eve', 'ann')];
  assert.deepEqual(await Promise.all(first), [serverBusy, userBusy, serverBusy, userBusy]);
  assert.equal(engine.load.queued, 0);
  assert.equal(engine.totals.refused, 4);
  gate.open('read');
  await engine.drain();
});

test('a user has so many places in the queue; others have their own', async () => {
  const { engine, gate, ask } = stuckEngine();
  const waiting = Array.from({ length: userQueueMax }, () => ask('ann'));
  assert.deepEqual(await ask('ann'), userBusy);
  assert.deepEqual(await ask('bob', 'ann'), userBusy);
  const bob = ask('bob');
  gate.open('read');
  for (const result of await Promise.all([...waiting, bob])) assert.deepEqual(result, notFound);
  // Places are given back.
  assert.deepEqual(await ask('ann'), notFound);
  await engine.drain();
});

test('a batch has one place of a user, however often it names him', async () => {
  const fifty = Array<string>(50).fill('ann');
  const impatient = stuckEngine(20);
  assert.deepEqual(await impatient.ask(...fifty), serverBusy, 'nobody else waits for him');
  impatient.gate.open('read');
  await impatient.engine.drain();

  const { engine, gate, ask } = stuckEngine();
  const waiting = Array.from({ length: userQueueMax }, () => ask(...fifty));
  assert.deepEqual(await ask('ann'), userBusy);
  gate.open('read');
  for (const result of await Promise.all(waiting)) assert.equal(result.code, 'done');
  await engine.drain();
});
