import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstEventId } from '../src/core/ids.ts';
import { DuckHistory } from '../src/storage/duckdb/history.ts';
import { openWriter } from '../src/storage/sqlite/open.ts';
import { migrate } from '../src/storage/sqlite/schema.ts';
import { SqliteStore } from '../src/storage/sqlite/store.ts';
import { LineSource, startMs, toWriteSet } from './data-lines.ts';
import { StoredCounter } from './store.ts';

test('each line is counted once: in a block, in a file, in both, and when it was moved since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-counter-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  const store = new SqliteStore(file);
  const history = new DuckHistory({
    file,
    folder: join(folder, 'history'),
    sealLines: 100_000,
    clock: () => startMs,
    lastEvent: () => store.lastEvent(),
    sealedUpTo: () => store.sealed?.last ?? firstEventId,
    seal: (sealing) => store.seal(sealing),
  });
  const source = new LineSource(12_000);
  const add = async (lines: number) => store.commit(toWriteSet(source.next(lines), startMs));
  const counter = new StoredCounter(folder);
  const count = async () => {
    const { items, blockLines } = await counter.countNew();
    return [items, blockLines];
  };
  try {
    await add(2_000);
    assert.deepEqual(await count(), [2_000, 2_000], 'blocks');
    await add(3_000);
    await history.settle();
    await add(1_000);
    assert.deepEqual(await count(), [4_000, 1_000], 'files of lines old and new, then a block');
    await store.prune();
    await history.settle();
    assert.deepEqual(await count(), [0, 0], 'moved since');
    await add(3_000);
    await history.settle();
    await store.prune();
    await add(3_000);
    await history.settle();
    assert.deepEqual(await count(), [6_000, 0], 'files alone');
    assert.deepEqual((await new StoredCounter(folder).countNew()).items, 12_000, 'from the first');
  } finally {
    await history.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
