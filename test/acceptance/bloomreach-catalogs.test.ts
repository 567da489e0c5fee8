/** Catalogs, as the vendor's Python SDK, a PHP client and a pipeline use them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type Server, startServer } from '../support/server.ts';
import { send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { projectToken, privateKeys, publicTokens } = demoProject.bloomreach;
const basic = `Basic ${Buffer.from(`${privateKeys[0].id}:${privateKeys[0].secret}`).toString('base64')}`;
const base = `/data/v2/projects/${projectToken}/catalogs`;

type Answered = [status: number, body: unknown];

async function call(method: string, path: string, body?: unknown, authorization = basic): Promise<Answered> {
  const answer = await send(server, base + path, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return [answer.status, answer.body];
}

const ok: Answered = [200, { success: true }];

function refused(status: number, errors: Record<string, string[]>): Answered {
  return [status, { success: false, errors }];
}

async function create(name: string, fields = ['a', 'b']): Promise<string> {
  const [status, body] = await call('POST', '', { name, fields: fields.map((it) => ({ name: it })) });
  const { id, ...rest } = body as { id: string };
  assert.deepEqual([status, rest], [200, { success: true }]);
  assert.match(id, /^[0-9a-f]{24}$/);
  return id;
}

interface Page {
  data: { catalog_id: string; item_id: string; properties: unknown }[];
  limit: number;
  matched: number;
  matched_limited: boolean;
  skip: number;
  success: boolean;
  total: number;
}

async function list(id: string, query = ''): Promise<Page> {
  const [status, body] = await call('GET', `/${id}/items${query}`);
  assert.equal(status, 200);
  return body as Page;
}

describe('a catalog', () => {
  test('is made, shown, renamed, listed and deleted', async () => {
    const id = await create('first');
    assert.deepEqual(await call('GET', `/${id}`), [200, { success: true, data: { id, name: 'first' } }]);
    const renamed = { name: 'renamed', fields: [{ name: 'a' }, { name: 'c' }, { name: 'a' }] };
    assert.deepEqual(await call('PUT', `/${id}`, renamed), ok);
    const [, all] = await call('GET', '');
    const { data } = all as { data: { id: string }[] };
    assert.deepEqual(
      data.find((it) => it.id === id),
      { id, name: 'renamed', fields: [{ name: 'a' }, { name: 'c' }], is_product_catalog: false },
    );
    assert.deepEqual(await call('DELETE', `/${id}`), ok);
    assert.deepEqual(
      await call('GET', `/${id}`),
      refused(404, { _global: [`Catalog with id ${id} does not exist`] }),
    );
  });

  test('has a name of its own', async () => {
    const id = await create('taken');
    const taken = refused(400, { name: ['A catalog with this name already exists'] });
    assert.deepEqual(await call('POST', '', { name: 'taken', fields: [] }), taken);
    assert.deepEqual(await call('PUT', `/${await create('free')}`, { name: 'taken' }), taken);
    assert.deepEqual(await call('PUT', `/${id}`, { name: 'taken' }), ok);
  });

  const text = 'Must be a text of 1 to 256 bytes';
  const fields = 'Must be an array of at most 256 objects with a name';
  const faults: [body: unknown, errors: Record<string, string[]>][] = [
    ['{', { _global: ['Invalid JSON'] }],
    ['[]', { _global: ['Invalid JSON'] }],
    [{}, { name: [text] }],
    [{ name: '' }, { name: [text] }],
    [{ name: {} }, { name: [text] }],
    [{ name: 'é'.repeat(129) }, { name: [text] }],
    [{ name: 'x', fields: 'a' }, { fields: [fields] }],
    [{ name: 'x', fields: ['a'] }, { fields: [fields] }],
    [{ name: 'x', fields: [{ name: '' }] }, { fields: [fields] }],
    [
      { name: 'x', fields: Array.from({ length: 257 }, (_, index) => ({ name: `f${index}` })) },
      { fields: [fields] },
    ],
  ];
  for (const [body, errors] of faults) {
    test(`refused: ${JSON.stringify(body).slice(0, 60)}`, async () => {
      assert.deepEqual(await call('POST', '', body), refused(400, errors));
    });
  }

  test('is for private keys', async () => {
    const id = await create('private');
    const refusal: Answered = [403, { success: false, error: 'No permission' }];
    const paths = ['', `/${id}`, `/${id}/items`, `/${id}/items/i`];
    for (const path of paths) {
      assert.deepEqual(await call('GET', path, undefined, `Token ${publicTokens[0]}`), refusal);
    }
    assert.deepEqual(await call('DELETE', `/${id}`, undefined, `Token ${publicTokens[0]}`), refusal);
    assert.equal((await call('GET', `/${id}`))[0], 200);
  });
});

describe('an item', () => {
  test('is made, replaced, changed in part and deleted', async () => {
    const id = await create('items');
    const show = (item: string) => call('GET', `/${id}/items/${item}`);
    const shown = (item_id: string, properties: unknown): Answered => [
      200,
      { success: true, data: { catalog_id: id, item_id, properties } },
    ];
    const name = 'a/b c';
    const path = `/${id}/items/${encodeURIComponent(name)}`;
    assert.deepEqual(await call('PUT', path, { properties: { a: 1, b: { deep: [null] } } }), ok);
    assert.deepEqual(await call('POST', `${path}/partial-update`, { properties: { a: 2 } }), ok);
    assert.deepEqual(await show(encodeURIComponent(name)), shown(name, { a: 2, b: { deep: [null] } }));
    assert.deepEqual(await call('PUT', path, { properties: { b: null } }), ok);
    assert.deepEqual(await show(encodeURIComponent(name)), shown(name, { b: null }));
    assert.deepEqual(await call('PUT', `/${id}/items/empty`, {}), ok);
    assert.deepEqual(await show('empty'), shown('empty', {}));
    assert.deepEqual(await call('DELETE', path), ok);
    const none = refused(404, { _global: [`Item with id ${name} does not exist`] });
    assert.deepEqual(await show(encodeURIComponent(name)), none);
    assert.deepEqual(await call('DELETE', path), none);
    assert.deepEqual(await call('POST', `${path}/partial-update`, { properties: { a: 2 } }), none);
  });

  test('of no catalog is not there', async () => {
    const none = refused(404, { _global: ['Catalog with id cat1 does not exist'] });
    assert.deepEqual(await call('GET', '/cat1/items'), none);
    assert.deepEqual(await call('DELETE', '/cat1/items'), none);
    assert.deepEqual(await call('GET', '/cat1/items/i'), none);
    assert.deepEqual(await call('PUT', '/cat1/items/i', { properties: {} }), none);
    assert.deepEqual(await call('PUT', '/cat1/items', []), none);
    assert.deepEqual(
      await call('POST', '/cat1/items/partial-update', [{ item_id: 'i', properties: {} }]),
      none,
    );
  });

  const faults: [body: unknown, errors: Record<string, string[]>][] = [
    ['{', { _global: ['Invalid JSON'] }],
    [{ properties: [] }, { properties: ['properties must be an object'] }],
    [{ properties: { c: 1, a: 1, d: 1 } }, { properties: ['Fields [c, d] are not properly defined.'] }],
    ['{"properties":{"__proto__":1}}', { properties: ['Fields [__proto__] are not properly defined.'] }],
    ['{"properties":{"a":1e400}}', { properties: ["Value of property 'a' is invalid"] }],
    [{ properties: { a: 'x'.repeat(16 * 1024) } }, { properties: ["Value of property 'a' is too large"] }],
  ];
  test('that cannot be is refused, alone and among others', async () => {
    const id = await create('faults');
    for (const [body, errors] of faults) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      assert.deepEqual(await call('PUT', `/${id}/items/i`, body), refused(400, errors), text.slice(0, 60));
    }
    const long = 'x'.repeat(257);
    assert.deepEqual(
      await call('PUT', `/${id}/items/${long}`, {}),
      refused(400, { item_id: ['Must be a text of 1 to 256 bytes'] }),
    );
    assert.equal((await list(id)).total, 0);
  });

  test('can be as large as a few values together, and no larger', async () => {
    const fields = ['a', 'b', 'c', 'd', 'e'];
    const id = await create('large', fields);
    const properties = Object.fromEntries(fields.map((field) => [field, 'x'.repeat(13_000)]));
    assert.deepEqual(await call('PUT', `/${id}/items/i`, { properties }), ok);
    const more = { properties: { e: 'x'.repeat(15_000) } };
    assert.deepEqual(
      await call('POST', `/${id}/items/i/partial-update`, more),
      refused(400, { properties: ['Item is too large'] }),
    );
  });
});

describe('many items', () => {
  const queued = { success: true, queued: true };
  const failed = (errors: Record<string, string[]>) => ({ success: false, queued: false, errors });

  test('are written, changed and deleted with a result each', async () => {
    const id = await create('many');
    const text = ['Must be a text of 1 to 256 bytes'];
    const written = [
      { item_id: 'one', properties: { a: 1 } },
      { item_id: 'faulty', properties: { c: 1 } },
      { item_id: 2, properties: { a: 2 } },
      { properties: { a: 1 } },
      'one',
      { item_id: 'last' },
    ];
    assert.deepEqual(await call('PUT', `/${id}/items`, written), [
      200,
      [
        queued,
        failed({ properties: ['Fields [c] are not properly defined.'] }),
        queued,
        failed({ item_id: text }),
        failed({ item_id: text }),
        queued,
      ],
    ]);
    const changed = [
      { item_id: 'one', properties: { b: 1 } },
      { item_id: 'none', properties: { b: 1 } },
      { item_id: 'one', properties: { b: 2 } },
    ];
    const none = failed({ _global: ['Item with id none does not exist'] });
    assert.deepEqual(await call('POST', `/${id}/items/partial-update`, changed), [
      200,
      [queued, none, queued],
    ]);
    assert.deepEqual((await list(id)).data, [
      { catalog_id: id, item_id: '2', properties: { a: 2 } },
      { catalog_id: id, item_id: 'last', properties: {} },
      { catalog_id: id, item_id: 'one', properties: { a: 1, b: 2 } },
    ]);
    const deleted = ['one', 'none', { item_id: 'last' }, null];
    assert.deepEqual(await call('DELETE', `/${id}/items/bulk-delete`, deleted), [
      200,
      [queued, none, queued, failed({ item_id: text })],
    ]);
    assert.deepEqual(await call('POST', `/${id}/items/bulk-delete`, ['2']), [200, [queued]]);
    assert.equal((await list(id)).total, 0);
    assert.deepEqual(await call('PUT', `/${id}/items`, []), [200, []]);
  });

  test('are a list, of 5,000 at most', async () => {
    const id = await create('bounds');
    assert.deepEqual(await call('PUT', `/${id}/items`, '{'), refused(400, { _global: ['Invalid JSON'] }));
    assert.deepEqual(
      await call('PUT', `/${id}/items`, {}),
      refused(400, { _global: ['Must be an array of items'] }),
    );
    const many = Array.from({ length: 5_001 }, (_, index) => ({
      item_id: `i${index}`,
      properties: { a: index },
    }));
    assert.deepEqual(await call('PUT', `/${id}/items`, many), refused(400, { _global: ['Too many items'] }));
    const [, results] = await call('PUT', `/${id}/items`, many.slice(1));
    assert.deepEqual(
      results,
      Array.from({ length: 5_000 }, () => queued),
    );
    assert.equal((await list(id, '?count=1')).total, 5_000);
  });

  test('are read page by page, searched, and gone when the catalog is emptied', async () => {
    const id = await create('pages');
    const items = Array.from({ length: 45 }, (_, index) => ({
      item_id: `i${String(index).padStart(2, '0')}`,
      properties: { a: index, b: index < 30 ? 'Red shoe' : 'blue' },
    }));
    await call('PUT', `/${id}/items`, items);
    const whole = { matched: 45, matched_limited: false, success: true, total: 45 };
    const { data, ...first } = await list(id);
    assert.deepEqual(first, { ...whole, limit: 20, skip: 0 });
    assert.equal(data.length, 20);
    const read: string[] = [];
    for (let skip = 0; skip < 45; skip += 20) {
      read.push(...(await list(id, `?count=20&skip=${skip}`)).data.map((it) => it.item_id));
    }
    assert.deepEqual(
      read,
      items.map((it) => it.item_id),
    );
    const rows: [query: string, ids: string[], counts: Partial<Page>][] = [
      ['?query=RED&count=2&skip=1', ['i01', 'i02'], { matched: 30, limit: 2, skip: 1 }],
      ['?query=red&field=b&count=1', ['i00'], { matched: 30 }],
      ['?query=red&field=a', [], { matched: 0 }],
      ['?query=44&field=a', ['i44'], { matched: 1 }],
      ['?query=i44', ['i44'], { matched: 1 }],
      // As the page of a PHP client does it.
      ['?query=i44&field=item_id&count=1', ['i44'], { matched: 1, limit: 1 }],
      ['?query=red&field=item_id', [], { matched: 0 }],
      ['?count=0', [], { matched: 45, limit: 0 }],
      ['?query=red&count=0', [], { matched: 30, limit: 0 }],
      ['?skip=45', [], { matched: 45, skip: 45 }],
      ['?count=5000&skip=43', ['i43', 'i44'], { limit: 1_000 }],
      ['?query=&count=1', ['i00'], { matched: 45 }],
    ];
    for (const [query, ids, counts] of rows) {
      const page = await list(id, query);
      assert.deepEqual(
        page.data.map((it) => it.item_id),
        ids,
        query,
      );
      assert.deepEqual({ ...page, ...counts }, page, query);
    }
    const wrong = ['Must be a non-negative integer'];
    assert.deepEqual(
      await call('GET', `/${id}/items?count=-1&skip=x`),
      refused(400, { count: wrong, skip: wrong }),
    );
    assert.deepEqual(await call('DELETE', `/${id}/items`), ok);
    assert.deepEqual(await list(id), { data: [], limit: 20, ...whole, matched: 0, skip: 0, total: 0 });
  });

  test('more than a handful of megabytes is written as it is read', async () => {
    const fields = ['a', 'b', 'c', 'd'];
    const id = await create('wide', fields);
    const properties = Object.fromEntries(fields.map((field) => [field, 'x'.repeat(15_000)]));
    const items = Array.from({ length: 200 }, (_, index) => ({ item_id: `i${index}`, properties }));
    await call('PUT', `/${id}/items`, items);
    const { data, matched } = await list(id, '?count=200');
    assert.deepEqual([data.length, matched, new Set(data.map((it) => it.item_id)).size], [200, 200, 200]);
  });
});

test('what was acknowledged is there after a crash', async () => {
  const id = await create('crash');
  const items = Array.from({ length: 1_000 }, (_, index) => ({
    item_id: `i${index}`,
    properties: { a: index },
  }));
  const [status] = await call('PUT', `/${id}/items`, items);
  assert.equal(status, 200);
  await call('POST', `/${id}/items/i1/partial-update`, { properties: { b: 'last' } });
  await server.kill();
  const { dataFolder } = server;
  await using again = await startServer({ dataFolder });
  const path = `${base}/${id}/items`;
  const answer = await send<Page>(again, `${path}?count=1000`, { headers: { authorization: basic } });
  assert.equal(answer.body.data.length, 1_000);
  const item = await send<{ data: { properties: unknown } }>(again, `${path}/i1`, {
    headers: { authorization: basic },
  });
  assert.deepEqual(item.body.data.properties, { a: 1, b: 'last' });
});
