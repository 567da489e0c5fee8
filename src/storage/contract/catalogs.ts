import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CatalogItem,
  type CatalogStore,
  catalogItemBytesMax,
  catalogsMax,
  type ItemChange,
  type WantedItems,
} from '../../engine/catalog-store.ts';
import type { JsonObject } from '../../lib/json.ts';
import { bank, shop } from './write-sets.ts';

export interface CatalogsUnderTest {
  readonly store: CatalogStore;
  /** Closes the store and opens what it stored, as after a restart. */
  reopen(): Promise<CatalogStore>;
  close(): Promise<void>;
}

type Check = (title: string, run: (under: CatalogsUnderTest) => Promise<void>) => void;

/** What every store of catalogs does; `create` makes an empty one. */
export function catalogsContract(name: string, create: () => Promise<CatalogsUnderTest>): void {
  const check: Check = (title, run) => {
    test(title, async () => {
      const under = await create();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };
  describe(`${name} keeps catalogs`, () => {
    catalogs(check);
    items(check);
    lists(check);
  });
}

const products = {
  do: 'create',
  project: shop,
  id: 'c1',
  name: 'Products',
  fields: ['a', 'b', '__proto__'],
  isProduct: true,
} as const;
const place = { project: shop, catalog: 'c1' };
const done = { problem: undefined };

function put(id: string, properties: JsonObject): ItemChange {
  return { do: 'put', id, properties };
}

function catalogs(check: Check): void {
  check('by name, of one project, also after a restart', async (under) => {
    const { store } = under;
    assert.equal(await store.changeCatalog(products), undefined);
    assert.equal(
      await store.changeCatalog({ ...products, id: 'c2', name: 'Articles', isProduct: false }),
      undefined,
    );
    assert.equal(await store.changeCatalog({ ...products, id: 'c3', project: bank }), undefined);
    const { fields } = products;
    const all = [
      { id: 'c2', name: 'Articles', fields, isProduct: false, items: 0 },
      { id: 'c1', name: 'Products', fields, isProduct: true, items: 0 },
    ];
    assert.deepEqual(await store.catalogsOf(shop), all);
    assert.deepEqual(await (await under.reopen()).catalogsOf(shop), all);
  });

  check('a name is used once in a project', async ({ store }) => {
    await store.changeCatalog(products);
    assert.equal(await store.changeCatalog({ ...products, id: 'c2' }), 'name_taken');
    await store.changeCatalog({ ...products, id: 'c2', name: 'Other' });
    const rename = { do: 'update', project: shop, id: 'c2' } as const;
    assert.equal(await store.changeCatalog({ ...rename, name: 'Products' }), 'name_taken');
    assert.equal(await store.changeCatalog({ ...rename, name: 'Other', fields: [] }), undefined);
    const [other] = await store.catalogsOf(shop);
    assert.deepEqual([other?.name, other?.fields], ['Other', []]);
  });

  check('an update changes what it names', async ({ store }) => {
    await store.changeCatalog(products);
    const update = { do: 'update', project: shop, id: 'c1' } as const;
    await store.changeCatalog({ ...update, name: 'New' });
    await store.changeCatalog({ ...update, fields: ['z'] });
    const [catalog] = await store.catalogsOf(shop);
    assert.deepEqual(catalog, { id: 'c1', name: 'New', fields: ['z'], isProduct: true, items: 0 });
  });

  check('what is not there, or of another project, is changed by nobody', async ({ store }) => {
    await store.changeCatalog(products);
    for (const [project, id] of [
      [shop, 'none'],
      [bank, 'c1'],
    ] as const) {
      assert.equal(await store.changeCatalog({ do: 'update', project, id, name: 'x' }), 'no_catalog');
      for (const way of ['empty', 'delete'] as const) {
        assert.equal(await store.changeCatalog({ do: way, project, id }), 'no_catalog');
      }
      for (const change of [[], [put('i', {})]]) {
        assert.equal(await store.changeItems({ project, catalog: id, items: change }), 'no_catalog');
      }
      assert.equal(await store.item(project, id, 'i'), undefined);
    }
    assert.deepEqual((await store.catalogsOf(shop)).length, 1);
  });

  check(`a project has at most ${catalogsMax}`, async ({ store }) => {
    const names = Array.from({ length: catalogsMax }, (_, index) => `n${index}`);
    for (const name of names)
      assert.equal(await store.changeCatalog({ ...products, id: name, name }), undefined);
    assert.equal(await store.changeCatalog(products), 'too_many_catalogs');
    assert.equal(await store.changeCatalog({ ...products, project: bank }), undefined);
  });
}

function items(check: Check): void {
  check('are written whole and in part, and deleted, in their order', async (under) => {
    const { store } = under;
    await store.changeCatalog(products);
    const results = await store.changeItems({
      ...place,
      items: [
        put('one', { a: 1, b: [1, { x: null }] }),
        { do: 'patch', id: 'one', properties: { b: 2, ['__proto__']: 3 } },
        put('two', { a: 'x' }),
        put('two', { b: 'y' }),
        put('gone', {}),
        { do: 'delete', id: 'gone' },
      ],
    });
    assert.deepEqual(
      results,
      Array.from({ length: 6 }, () => done),
    );
    const one = { id: 'one', properties: '{"a":1,"b":2,"__proto__":3}' };
    const two = { id: 'two', properties: '{"b":"y"}' };
    assert.deepEqual(await store.item(shop, 'c1', 'one'), one);
    assert.equal(await store.item(bank, 'c1', 'one'), undefined);
    assert.deepEqual(await all(await under.reopen()), [one, two]);
  });

  check('that cannot be written stand beside the others', async ({ store }) => {
    await store.changeCatalog(products);
    const large = 'x'.repeat(catalogItemBytesMax - 10);
    const items: ItemChange[] = [
      put('i', { a: 1 }),
      { do: 'patch', id: 'none', properties: {} },
      { do: 'delete', id: 'none' },
      put('i', { a: 2, c: 1, d: 1 }),
      put('large', { a: large }),
      put('larger', { a: `${large}xxx` }),
      { do: 'patch', id: 'large', properties: { b: 'xxx' } },
    ];
    assert.deepEqual(await store.changeItems({ ...place, items }), [
      done,
      { problem: 'no_item' },
      { problem: 'no_item' },
      { problem: 'undefined_fields', fields: ['c', 'd'] },
      done,
      { problem: 'item_too_large' },
      { problem: 'item_too_large' },
    ]);
    assert.equal((await store.catalogsOf(shop))[0]?.items, 2);
    assert.equal((await store.item(shop, 'c1', 'i'))?.properties, '{"a":1}');
  });

  check('are gone with their catalog, at once, and the other catalogs keep theirs', async (under) => {
    const { store } = under;
    const other = { ...products, id: 'c2', name: 'Other' };
    for (const it of [products, other]) {
      await store.changeCatalog(it);
      await store.changeItems({ project: shop, catalog: it.id, items: [put('i', { a: it.id })] });
    }
    await store.changeCatalog({ do: 'empty', project: shop, id: 'c1' });
    assert.deepEqual([await all(store), (await store.catalogsOf(shop))[1]?.items], [[], 0]);
    await store.changeItems({ ...place, items: [put('new', {})] });
    assert.equal((await all(store)).length, 1);
    await store.changeCatalog({ do: 'delete', project: shop, id: 'c1' });
    await store.changeCatalog(products);
    assert.deepEqual(await all(await under.reopen()), []);
  });
}

function lists(check: Check): void {
  const fill = (store: CatalogStore, count: number) => {
    const items = Array.from({ length: count }, (_, index) =>
      put(`i${String(index).padStart(5, '0')}`, { a: index, b: index % 7 === 0 ? 'Sieben' : `n${index}` }),
    );
    return store.changeItems({ ...place, items });
  };

  check('are in the order of the ids, part by part', async ({ store }) => {
    await store.changeCatalog(products);
    await fill(store, 20);
    const { items: some, next } = await store.findItems(wantedItems({ skip: 5, limit: 3 }));
    assert.deepEqual(
      some.map(({ id }) => id),
      ['i00005', 'i00006', 'i00007'],
    );
    assert.equal(next, 'i00007');
    const rest = await store.findItems(wantedItems({ after: next ?? '', limit: 100 }));
    assert.deepEqual([rest.items.length, rest.next], [12, undefined]);
    assert.deepEqual((await store.findItems(wantedItems({ skip: 20 }))).items, []);
    assert.deepEqual((await store.findItems(wantedItems({ catalog: 'none' }))).items, []);
  });

  check('large items come a few at a time', async ({ store }) => {
    await store.changeCatalog(products);
    const items = Array.from({ length: 200 }, (_, index) => put(`i${index}`, { a: 'x'.repeat(60_000) }));
    await store.changeItems({ ...place, items });
    const { items: some, next } = await store.findItems(wantedItems({ limit: 1_000 }));
    assert.ok(some.length < 200 && next === some.at(-1)?.id, String(some.length));
    assert.equal((await all(store)).length, 200);
  });

  const texts: [text: NonNullable<WantedItems['text']>, matched: number][] = [
    [{ value: 'sieben' }, 1_715],
    [{ value: 'SIEBEN', field: 'b' }, 1_715],
    [{ value: 'sieben', field: 'a' }, 0],
    [{ value: 'sieben', field: 'toString' }, 0],
    [{ value: 'I0000' }, 10],
    [{ value: 'i0000', field: 'b' }, 0],
    [{ value: 'I0000', field: 'item_id' }, 10],
    [{ value: 'sieben', field: 'item_id' }, 0],
    [{ value: '11999', field: 'a' }, 1],
  ];
  check('are searched a part at a time', async ({ store }) => {
    await store.changeCatalog(products);
    await fill(store, 12_000);
    for (const [text, matched] of texts) {
      const found = await search(store, text, 3, 5);
      assert.equal(found.matched, matched, JSON.stringify(text));
      assert.equal(found.items.length, Math.min(5, Math.max(0, matched - 3)));
      assert.ok(found.parts > 1);
    }
    const { items } = await search(store, { value: 'sieben' }, 1, 2);
    assert.deepEqual(
      items.map(({ id }) => id),
      ['i00007', 'i00014'],
    );
  });
}

/** As a caller does it: as long as there are more. */
async function search(
  store: CatalogStore,
  text: NonNullable<WantedItems['text']>,
  skip: number,
  limit: number,
) {
  const items: CatalogItem[] = [];
  let matched = 0;
  let skipped = 0;
  let parts = 0;
  let next: string | undefined = '';
  while (next !== undefined) {
    const asked = { text, after: next, skip: skip - skipped, limit: limit - items.length };
    const found = await store.findItems(wantedItems(asked));
    items.push(...found.items);
    matched += found.matched;
    skipped += found.skipped;
    parts += 1;
    next = found.next;
  }
  return { items, matched, parts };
}

function wantedItems(given: Partial<WantedItems>): WantedItems {
  return { ...place, after: '', skip: 0, limit: 100, ...given };
}

async function all(store: CatalogStore): Promise<CatalogItem[]> {
  const items: CatalogItem[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const found = await store.findItems(wantedItems({ after: next }));
    items.push(...found.items);
    next = found.next;
  }
  return items;
}
