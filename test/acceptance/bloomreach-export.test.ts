/** `customers/export` in its three forms, over more customers than one page has. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: Server;
const path = '/data/v2/projects/{token}/customers/export';
/** More than two pages. */
const count = 450;
const name = (n: number) => `user-${String(n).padStart(3, '0')}`;

before(async () => {
  server = await startServer();
  for (let from = 0; from < count; from += 50) {
    const commands = Array.from({ length: 50 }, (_, index) => ({
      name: 'customers',
      data: { customer_ids: { registered: name(from + index) }, properties: { n: from + index } },
    }));
    await bloomreach(server, '/track/v2/projects/{token}/batch', { commands });
  }
  const update = (customer_ids: object, properties: object) =>
    bloomreach(server, '/track/v2/projects/{token}/customers', { customer_ids, properties });
  await update({ registered: name(0), cookie: ['c-1', 'c-2'] }, { 'a "b",c': null });
  await update({ registered: name(1) }, { 'a "b"': 'x,\n"y"', list: [1, 'z'] });
  // Nobody of this format: he has a device and nothing else.
  await leanplum(server, { action: 'start', deviceId: 'only-a-device' });
});
after(() => server[Symbol.asyncDispose]());

const ask = (body: unknown, auth: 'private' | 'public' = 'private') =>
  bloomreach(server, path, body, { auth });

/** The answer before its body is read. */
function open(to: { readonly url: string }, body: object): Promise<Response> {
  const { projectToken, privateKeys } = demoProject.bloomreach;
  const [{ id, secret }] = privateKeys;
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const url = to.url + path.replace('{token}', projectToken);
  return fetch(url, { method: 'POST', headers: { authorization }, body: JSON.stringify(body) });
}

describe('all customers', () => {
  test('native_json: fields, and a row each, ids first', async () => {
    const answer = await ask({ format: 'native_json' });
    assert.equal(answer.status, 200, answer.text);
    const { success, fields, data } = answer.body as unknown as {
      success: boolean;
      fields: unknown[];
      data: unknown[][];
    };
    assert.equal(success, true);
    assert.deepEqual(fields, [
      { type: 'id', id: 'registered' },
      { type: 'id', id: 'cookie' },
      { type: 'property', property: 'a "b"' },
      { type: 'property', property: 'list' },
      { type: 'property', property: 'n' },
    ]);
    assert.deepEqual(
      data.map((row) => row[0]),
      Array.from({ length: count }, (_, n) => name(n)),
    );
    assert.deepEqual(data.slice(0, 3), [
      [name(0), ['c-1', 'c-2'], null, null, 0],
      [name(1), [], 'x,\n"y"', [1, 'z'], 1],
      [name(2), [], null, null, 2],
    ]);
  });

  test('table_json: objects', async () => {
    const answer = await ask({ format: 'table_json', attributes: { type: 'properties_and_ids' } });
    const rows = answer.body as unknown as Record<string, unknown>[];
    assert.equal(rows.length, count);
    assert.deepEqual(rows[1], { registered: name(1), cookie: [], 'a "b"': 'x,\n"y"', list: [1, 'z'], n: 1 });
  });

  test('csv: a heading and rows, quoted where it has to be', async () => {
    const list = [
      { type: 'id', id: 'registered' },
      { type: 'property', property: 'a "b"' },
    ];
    const answer = await open(server, { format: 'csv', attributes: { type: 'some', list } });
    assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
    const lines = (await answer.text()).split('\r\n');
    assert.deepEqual(lines.slice(0, 4), [
      'registered,"a ""b"""',
      `${name(0)},`,
      `${name(1)},"x,\n""y"""`,
      `${name(2)},`,
    ]);
    assert.equal(lines.length, count + 2);
  });
});

test('an export has what was answered before it, and nothing of who is gone', async () => {
  await using other = await startServer();
  const send = (commands: object[]) => bloomreach(other, '/track/v2/projects/{token}/batch', { commands });
  const customer = (customer_ids: object, properties: object) => ({
    name: 'customers',
    data: { customer_ids, properties },
  });
  const read = async () => {
    const { body } = await bloomreach(other, path, { format: 'table_json' }, { auth: 'private' });
    const rows = body as unknown as Record<string, unknown>[];
    return rows.map(({ registered, ...rest }) => [registered, rest]);
  };
  assert.deepEqual(await read(), []);
  await send([1, 2, 3].map((n) => customer({ registered: `r${n}` }, { n })));
  await send([
    customer({ registered: 'r1' }, { n: 10, later: 'x' }),
    customer({ cookie: 'c3' }, { seen: true }),
  ]);
  const others = { cookie: [], later: null, seen: null };
  assert.deepEqual(await read(), [
    ['r1', { ...others, later: 'x', n: 10 }],
    ['r2', { ...others, n: 2 }],
    ['r3', { ...others, n: 3 }],
    [null, { ...others, cookie: ['c3'], seen: true, n: null }],
  ]);
  // The cookie becomes a part of r3, and r2 is nobody any more.
  await send([customer({ registered: 'r3', cookie: 'c3' }, { n: null, later: null })]);
  await bloomreach(
    other,
    '/data/v2/projects/{token}/customers/anonymize',
    { customer_ids: { registered: 'r2' } },
    { auth: 'private' },
  );
  await leanplum(other, { action: 'deleteUser', userId: 'r1' }, { key: 'development' });
  const rows = await read();
  assert.deepEqual(rows[1], ['r3', { cookie: ['c3'], n: null, seen: true }]);
  assert.equal(rows.length, 2);
  assert.equal(rows[0]?.[0], null);
});

test('a property of the name of an id has a column of its own', async () => {
  await using other = await startServer();
  const properties = { registered: 'p1', cookie: 'p2', 'properties.cookie': 'p3' };
  await bloomreach(other, '/track/v2/projects/{token}/customers', {
    customer_ids: { registered: 'ann' },
    properties,
  });
  const read = async (body: object) => (await open(other, body)).text();
  assert.deepEqual(JSON.parse(await read({ format: 'table_json' })), [
    {
      registered: 'ann',
      cookie: [],
      'properties.properties.cookie': 'p2',
      'properties.cookie': 'p3',
      'properties.registered': 'p1',
    },
  ]);
  const list = [
    { type: 'id', id: 'registered' },
    { type: 'property', property: 'registered' },
    { type: 'property', property: 'cookie' },
  ];
  const some = { type: 'some', list };
  assert.equal(
    await read({ format: 'csv', attributes: some }),
    'registered,properties.registered,cookie\r\nann,p1,p2\r\n',
  );
  const native = JSON.parse(await read({ format: 'native_json', attributes: some }));
  assert.deepEqual([native.fields, native.data], [list, [['ann', 'p1', 'p2']]]);
});

test('an export that nobody reads to its end makes room for others', async () => {
  await using other = await startServer();
  // More than what waits on the way to a client.
  const properties = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`p${n}`, 'x'.repeat(15_000)]));
  for (let batch = 0; batch < 3; batch++) {
    // Whoever is there already is written later: more rows are behind than one commit writes.
    for (const set of [{ p0: 1 }, properties]) {
      const commands = Array.from({ length: 50 }, (_, n) => ({
        name: 'customers',
        data: { customer_ids: { registered: name(batch * 50 + n) }, properties: set },
      }));
      await bloomreach(other, '/track/v2/projects/{token}/batch', { commands });
    }
  }
  const [first, second] = [await open(other, { format: 'csv' }), await open(other, { format: 'csv' })];
  assert.deepEqual([first.status, second.status], [200, 200]);
  assert.equal((await open(other, { format: 'csv' })).status, 503, 'as many as may run');
  await Promise.all([first.body?.cancel(), second.body?.cancel()]);
  await until(async () => {
    const answer = await open(other, { format: 'csv' });
    await answer.body?.cancel();
    return answer.status === 200;
  }, 'there is room again');
});

test('what cannot be exported says so', async () => {
  const noFormat = { format: ["Must be 'csv', 'table_json' or 'native_json'"] };
  const noType = { attributes: ['Must be an object of a known type'] };
  const some = { type: 'some', list: [{ type: 'segmentation', id: 'x' }] };
  const filter = { type: 'segment', segmentation_id: 's1', segment_index: 0 };
  const cases: [body: unknown, status: number, errors: unknown][] = [
    [{}, 400, noFormat],
    [{ format: 'xml' }, 400, noFormat],
    [{ format: 'csv', attributes: { type: 'none' } }, 400, noType],
    [{ format: 'csv', attributes: some }, 400, noType],
    [{ format: 'csv', filter }, 404, { _global: ['Segmentation with id s1 does not exist'] }],
  ];
  for (const [body, status, errors] of cases) {
    const answer = await ask(body);
    assert.deepEqual([answer.status, answer.body], [status, { success: false, errors }]);
  }
  const refused = await ask({ format: 'csv' }, 'public');
  assert.deepEqual([refused.status, refused.body], [403, { success: false, error: 'No permission' }]);
});
