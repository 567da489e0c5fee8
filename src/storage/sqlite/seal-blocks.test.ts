import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Segment } from '../../engine/store.ts';
import { bank, block, eventId, eventLine, shop, writeSet } from '../contract/write-sets.ts';
import { openWriter } from './open.ts';
import { migrate } from './schema.ts';
import { SqliteStore } from './store.ts';

function create(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-seal-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  let store = new SqliteStore(file);
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const rows = (sql: string) => {
    const reader = new DatabaseSync(file, { readOnly: true });
    const found = reader.prepare(sql).all();
    reader.close();
    return found.map((row) => Object.values(row)[0]);
  };
  return {
    store: () => store,
    blocks: () => rows('SELECT id FROM blocks ORDER BY id').map((id) => Number(id) - eventId(0)),
    files: () => rows('SELECT file FROM segments ORDER BY file'),
    async reopen() {
      await store.close();
      store = new SqliteStore(file);
    },
  };
}

function segment(file: string): Segment {
  const ids = { fromId: eventId(1), toId: eventId(5) };
  const bounds = { minTimeSec: 1.25, maxTimeSec: 2.5, longestLine: 500 };
  return { file, project: shop, day: '2026-01-31', ...ids, rows: 5, bytes: 100, ...bounds, sha256: 'ab' };
}

/** Three commits: lines 1 to 5 of two projects, then 6, then 7. */
async function fill(store: SqliteStore): Promise<void> {
  const shops = [eventLine(1, 1), eventLine(5, 1)];
  const banks = [eventLine(2, 2, { project: bank }), eventLine(3, 2, { project: bank })];
  await store.commit(writeSet({ blocks: [block(shop, shops), block(bank, banks)] }));
  await store.commit(writeSet({ blocks: [block(shop, [eventLine(6, 1)])] }));
  await store.commit(writeSet({ blocks: [block(shop, [eventLine(7, 1)])] }));
}

/** All rows of profiles hold the lines up to this one. */
async function writeRows(store: SqliteStore, upTo: number): Promise<void> {
  await store.commit(writeSet({ rowsUpTo: eventId(upTo) }));
}

test('sealed blocks go, the others stay, and the ids of those that went are never given again', async (t) => {
  const { store, blocks, files, reopen } = create(t);
  await fill(store());
  await writeRows(store(), 7);
  await store().prune();
  assert.deepEqual(blocks(), [1, 2, 6, 7]);
  await store().seal({ add: [segment('a')], remove: [], position: { block: eventId(2), last: eventId(5) } });
  assert.deepEqual([files(), blocks()], [['a'], [1, 2, 6, 7]]);
  await store().prune();
  assert.deepEqual(blocks(), [6, 7]);
  await store().seal({ add: [segment('b')], remove: [], position: { block: eventId(7), last: eventId(7) } });
  await store().prune();
  assert.deepEqual([files(), blocks()], [['a', 'b'], []]);
  await reopen();
  assert.equal(store().lastEvent(), eventId(7));
  assert.deepEqual(store().sealed, { block: eventId(7), last: eventId(7) });
});

test('a block whose lines a row of a profile may lack stays although it is sealed', async (t) => {
  const { store, blocks } = create(t);
  await fill(store());
  await store().seal({ add: [segment('a')], remove: [], position: { block: eventId(7), last: eventId(7) } });
  for (const [deletable, left] of [
    [0, [1, 2, 6, 7]],
    [4, [1, 2, 6, 7]],
    [5, [6, 7]],
    [6, [7]],
    [7, []],
  ] as const) {
    await writeRows(store(), deletable);
    await store().prune();
    assert.deepEqual(blocks(), left, `up to ${deletable}`);
  }
});

test('files are put in place of others in one step, or not at all', async (t) => {
  const { store, files } = create(t);
  await store().seal({ add: [segment('a'), segment('b')], remove: [] });
  await store().seal({ add: [segment('c')], remove: ['a', 'b'] });
  assert.deepEqual(files(), ['c']);
  assert.equal(store().sealed, undefined);
  // A name twice is a bug: nothing of the change is done.
  await assert.rejects(store().seal({ add: [segment('d'), segment('d')], remove: ['c'] }), /UNIQUE/);
  assert.deepEqual(files(), ['c']);
});

test('many and large blocks are removed in steps, with commits between them', async (t) => {
  const { store, blocks } = create(t);
  const text = (n: number) =>
    Array.from({ length: 3_000 }, (_, i) => String.fromCharCode(33 + ((i * n) % 90))).join('');
  for (let n = 0; n < 600; n++) {
    const lines = [eventLine(n + 1, 1, n % 100 === 0 ? { params: { text: text(n + 7) } } : {})];
    await store().commit(writeSet({ blocks: [block(shop, lines)] }));
  }
  await writeRows(store(), 600);
  const position = { block: eventId(599), last: eventId(599) };
  await store().seal({ add: [segment('a')], remove: [], position });
  const pruning = store().prune();
  await store().commit(writeSet({ blocks: [block(shop, [eventLine(601, 1)])] }));
  await pruning;
  assert.deepEqual(blocks(), [600, 601]);
});
