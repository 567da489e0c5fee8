import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { catalogsContract } from '../../contract/catalogs.ts';
import { shop } from '../../contract/write-sets.ts';
import { openWriter } from '../open.ts';
import { migrate } from '../schema.ts';
import { SqliteStore } from '../store.ts';

async function create() {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-catalogs-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  let store = new SqliteStore(file);
  return {
    file,
    store: store.catalogs,
    reopen: async () => {
      await store.close();
      store = new SqliteStore(file);
      return store.catalogs;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

catalogsContract('SQLite', create);

test('items nobody sees any more are removed from the file, also those a crash has left', async (t) => {
  const { file, store, reopen, close } = await create();
  t.after(close);
  const rows = () => {
    const database = new DatabaseSync(file, { readOnly: true });
    const { items } = database.prepare('SELECT count(*) AS items FROM catalog_items').get() as {
      items: number;
    };
    const garbage = database.prepare('SELECT generation FROM catalog_garbage').all().length;
    database.close();
    return { items, garbage };
  };
  const catalog = {
    do: 'create',
    project: shop,
    id: 'c',
    name: 'c',
    fields: ['a'],
    isProduct: false,
  } as const;
  const items = Array.from({ length: 600 }, (_, index) => ({
    do: 'put' as const,
    id: `i${index}`,
    properties: { a: 'x'.repeat(10_000) },
  }));
  const kept = { ...catalog, id: 'kept', name: 'kept' };
  for (const it of [catalog, kept]) await store.changeCatalog(it);
  await store.changeItems({ project: shop, catalog: 'kept', items: items.slice(0, 3) });
  await store.changeItems({ project: shop, catalog: 'c', items });
  await store.changeCatalog({ do: 'empty', project: shop, id: 'c' });
  await store.changeItems({ project: shop, catalog: 'c', items: items.slice(0, 2) });
  await store.changeCatalog({ do: 'delete', project: shop, id: 'c' });
  assert.deepEqual(rows(), { items: 605, garbage: 2 });
  await (await reopen()).removeGarbage();
  assert.deepEqual(rows(), { items: 3, garbage: 0 });
});
