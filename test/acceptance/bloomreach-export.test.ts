/** `customers/export` in its three forms, over more customers than one page has. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';

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
    const { projectToken, privateKeys } = demoProject.bloomreach;
    const [{ id, secret }] = privateKeys;
    const list = [
      { type: 'id', id: 'registered' },
      { type: 'property', property: 'a "b"' },
    ];
    const answer = await fetch(server.url + path.replace('{token}', projectToken), {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: JSON.stringify({ format: 'csv', attributes: { type: 'some', list } }),
    });
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
