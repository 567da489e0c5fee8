/** How a Leanplum call may be written down: bodies, queries, and the tolerant types of its parameters. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { demoProject } from '../support/demo-project.ts';
import { leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportOne, exportUser, form, send, type WireRequest } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
const access = { appId, clientKey: keys.production };
type Params = Record<string, unknown>;
/** Where a call goes and how: path with query, and the rest. */
type Form = [path: string, request?: WireRequest];

const json = { 'content-type': 'application/json' };
const fields = { 'content-type': 'application/x-www-form-urlencoded' };

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function multipart(params: Params): WireRequest {
  const boundary = '==================================leanplum';
  const parts = Object.entries(params).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  });
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return { headers, body: `${parts.join('')}--${boundary}--\r\n` };
}

function without(params: Params, ...names: string[]): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
}

describe('one action', () => {
  const event = { event: 'level done', value: 2.5, params: { level: 3, title: 'Bär & co', list: [1, 'x'] } };
  const call = (userId: string): Params => ({ ...access, action: 'track', userId, ...event });
  const rows: Record<string, (params: Params) => Form> = {
    'JSON to /api': (params) => ['/api', { headers: json, body: JSON.stringify(params) }],
    'JSON to /api/': (params) => ['/api/', { headers: json, body: JSON.stringify(params) }],
    'JSON to /api-batch': (params) => ['/api-batch', { headers: json, body: JSON.stringify(params) }],
    'JSON called text/plain': (params) => [
      '/api',
      { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(params) },
    ],
    'JSON called a form': (params) => ['/api', { headers: fields, body: JSON.stringify(params) }],
    'JSON called nothing': (params) => ['/api', { body: bytes(JSON.stringify(params)) }],
    'JSON after a byte order mark and white space': (params) => [
      '/api',
      { headers: json, body: bytes(`\uFEFF \r\n\t${JSON.stringify(params)}\n`) },
    ],
    'JSON after white space': (params) => ['/api', { headers: json, body: ` \n ${JSON.stringify(params)}` }],
    'JSON, compressed': (params) => [
      '/api',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify(params)) },
    ],
    'JSON with nested JSON as text': (params) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...params, params: JSON.stringify(params['params']) }) },
    ],
    'form fields': (params) => ['/api', { headers: fields, body: form(params) }],
    'form fields to /api/': (params) => ['/api/', { headers: fields, body: form(params) }],
    'form fields with a charset': (params) => [
      '/api',
      { headers: { 'content-type': `${fields['content-type']}; charset=UTF-8` }, body: form(params) },
    ],
    'form fields called JSON': (params) => ['/api', { headers: json, body: form(params) }],
    'form fields called nothing': (params) => ['/api', { body: bytes(form(params)) }],
    'multipart fields': (params) => ['/api', multipart(params)],
    'GET /api': (params) => [`/api?${form(params)}`],
    'GET /api/': (params) => [`/api/?${form(params)}`],
    'GET with names that have no value': (params) => [`/api?${form(params)}&segment&ab_test_id`],
    'POST with an empty body': (params) => [`/api?${form(params)}`, { method: 'POST' }],
    'POST with an empty JSON object': (params) => [`/api?${form(params)}`, { headers: json, body: '{}' }],
    'the action in the query': (params) => [
      '/api?action=track',
      { headers: json, body: JSON.stringify(without(params, 'action')) },
    ],
    'the keys in the query': (params) => [
      `/api?${form(access)}`,
      { headers: json, body: JSON.stringify(without(params, 'appId', 'clientKey')) },
    ],
    'the keys in the query, form fields': (params) => [
      `/api?${form(access)}`,
      { headers: fields, body: form(without(params, 'appId', 'clientKey')) },
    ],
    'the body before the query': (params) => [
      '/api?action=start&userId=somebody&event=wrong&value=1',
      { headers: json, body: JSON.stringify(params) },
    ],
    'a null in the body is absent': (params) => [
      `/api?${form({ userId: params['userId'], event: 'level done' })}`,
      { headers: json, body: JSON.stringify({ ...params, userId: null, event: null }) },
    ],
    'the last of repeated names': (params) => [`/api?event=wrong&userId=wrong&${form(params)}`],
    'the last of repeated fields': (params) => [
      '/api',
      { headers: fields, body: `event=wrong&value=7&${form(params)}` },
    ],
    'with parameters nobody knows': (params) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...params, create_date: 'x', ct: true, other: { a: [1] } }) },
    ],
    'with any API version': (params) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...params, apiVersion: '0.9' }) },
    ],
  };
  for (const [name, toForm] of Object.entries(rows)) {
    test(name, async () => {
      const userId = `form: ${name}`;
      const answer = await send(server, ...toForm(call(userId)));
      assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
      const { events } = await exportOne(server, { registered: userId });
      assert.deepEqual(
        events.map(({ type, properties }) => ({ type, properties })),
        [
          {
            type: 'level done',
            properties: { value: 2.5, level: 3, title: 'Bär & co', list: [1, 'x'] },
          },
        ],
      );
    });
  }

  const sloppy: Record<string, string> = {
    'single quotes': "{'level': 3, 'title': 'it is \"so\"'}",
    'bare names': '{level: 3, title: "it is \\"so\\""}',
    'bare names and single quotes': '{level:3,title:\'it is "so"\'}',
  };
  for (const [name, params] of Object.entries(sloppy)) {
    test(`sloppy JSON text: ${name}`, async () => {
      const userId = `sloppy: ${name}`;
      const query = form({ ...access, action: 'track', userId, event: 'level done', params });
      const answer = await send(server, `/api?${query}`);
      assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
      const { events } = await exportOne(server, { registered: userId });
      assert.deepEqual(events[0]?.properties, { level: 3, title: 'it is "so"' });
    });
  }
});

describe('multi', () => {
  const envelope = { ...access, action: 'multi' };
  const rows: Record<string, (data: Params[], time: number) => Form> = {
    'an array': (data, time) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...envelope, time, data }) },
    ],
    'an array, the action in the query': (data, time) => [
      '/api-batch?action=multi',
      { headers: json, body: JSON.stringify({ ...access, time, data }) },
    ],
    'text of an array': (data, time) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...envelope, time, data: JSON.stringify(data) }) },
    ],
    'text of an object with the array': (data, time) => [
      '/api',
      { headers: json, body: JSON.stringify({ ...envelope, time, data: JSON.stringify({ data }) }) },
    ],
    'form fields with text of an array': (data, time) => [
      '/api',
      { headers: fields, body: form({ ...envelope, time, data }) },
    ],
    'form fields as the mobile SDKs send them': (data, time) => [
      '/api',
      { headers: fields, body: form({ ...envelope, time, data: { data } }) },
    ],
    'the bare array as body': (data, time) => [
      `/api?${form({ ...envelope, time })}`,
      { headers: json, body: JSON.stringify(data) },
    ],
    GET: (data, time) => [`/api?${form({ ...envelope, time, data })}`],
    'text inside the elements, as the JavaScript SDK sends it': (data, time) => [
      '/api',
      {
        headers: { 'content-type': 'text/plain' },
        body: JSON.stringify({
          ...envelope,
          time,
          data: data.map((it) => ({ ...it, params: JSON.stringify(it['params']) })),
        }),
      },
    ],
    compressed: (data, time) => [
      '/api',
      {
        headers: { ...json, 'content-encoding': 'gzip' },
        body: gzipSync(JSON.stringify({ ...envelope, time, data })),
      },
    ],
  };
  for (const [name, toForm] of Object.entries(rows)) {
    test(name, async () => {
      const userId = `multi: ${name}`;
      const tracks = [1, 2].map((level) => ({
        action: 'track',
        userId,
        event: `e${level}`,
        params: { level },
      }));
      const answer = await send(server, ...toForm(tracks, Date.now() / 1000));
      assert.equal(
        answer.text,
        '{"response":[{"success":true,"isOffline":true},{"success":true,"isOffline":true}]}',
      );
      const { events } = await exportOne(server, { registered: userId });
      assert.deepEqual(
        events.map(({ type, properties }) => ({ type, properties })),
        [
          { type: 'e1', properties: { level: 1 } },
          { type: 'e2', properties: { level: 2 } },
        ],
      );
    });
  }
});

describe('tolerant types', () => {
  const ask = (params: Params, key?: 'dataExport') =>
    leanplum(server, params, key === undefined ? {} : { key });

  test('an id is the same as a number and as text', async () => {
    await ask({ action: 'track', userId: 123456, deviceId: 789, event: 'a' });
    await ask({ action: 'track', userId: '123456', deviceId: '789', event: 'a' });
    await send(server, `/api?${form({ ...access, action: 'track', userId: 123456, event: 'a' })}`);
    assert.deepEqual(await countsOf(server, '123456'), { a: 3 });
    assert.deepEqual(await countsOf(server, 123456), { a: 3 });
    const { userId, devices } = await exportUser(server, { deviceId: 789 });
    assert.deepEqual({ userId, devices }, { userId: '123456', devices: [{ deviceId: '789' }] });
  });

  test('null parameters are absent ones', async () => {
    const nulls = { info: null, value: null, params: null, time: null, deviceId: null, messageId: null };
    const more = { devMode: null, createDisposition: null, apiVersion: null, reqId: null, uuid: null };
    const answer = await ask({ action: 'track', userId: 'nulls', event: 'a', ...nulls, ...more });
    assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
    const attributes = await ask({ action: 'setUserAttributes', userId: 'nulls', userAttributes: null });
    assert.equal(attributes.text, '{"response":[{"success":true}]}');
    const { userAttributes, events, devices } = await exportUser(server, { userId: 'nulls' });
    assert.deepEqual({ userAttributes, devices }, { userAttributes: {}, devices: [] });
    const { count, value } = events?.['a'] ?? {};
    assert.deepEqual({ count, value }, { count: 1, value: undefined });
  });

  test('empty text for an object is absent', async () => {
    const tracked = await ask({
      action: 'track',
      userId: 'empty',
      event: 'a',
      params: '',
      value: '',
      time: '',
    });
    assert.equal(tracked.text, '{"response":[{"success":true,"isOffline":true}]}');
    const set = await ask({ action: 'setUserAttributes', userId: 'empty', userAttributes: '' });
    assert.equal(set.text, '{"response":[{"success":true}]}');
  });

  const values: [value: unknown, sum: number][] = [
    [2.5, 2.5],
    ['2.5', 2.5],
    ['0.0', 0],
    [-3, -3],
    ['1.5E2', 150],
    ['7', 7],
  ];
  for (const [value, sum] of values) {
    test(`the value ${JSON.stringify(value)} counts ${sum}`, async () => {
      const userId = `value ${JSON.stringify(value)}`;
      await ask({ action: 'track', userId, event: 'a', value });
      assert.equal((await exportUser(server, { userId })).events?.['a']?.value, sum);
    });
  }

  const times: [time: unknown, sec: number][] = [
    [1600000000, 1600000000],
    [1600000000.123, 1600000000.123],
    ['1600000000', 1600000000],
    ['1600000000.123000', 1600000000.123],
    ['1.600000000123E9', 1600000000.123],
    ['1.6e9', 1600000000],
  ];
  for (const [time, sec] of times) {
    test(`the time ${JSON.stringify(time)} is ${sec}`, async () => {
      const userId = `time ${JSON.stringify(time)}`;
      await ask({ action: 'track', userId, event: 'a', time });
      const { firstTime, lastTime } = (await exportUser(server, { userId })).events?.['a'] ?? {};
      assert.deepEqual({ firstTime, lastTime }, { firstTime: sec, lastTime: sec });
    });
  }

  const done = { success: true, isOffline: true };
  const entries = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));
  const limits: [name: string, params: Params, status: number, element: unknown][] = [
    ['a value that is no number', { value: 'much' }, 400, error("'value' is invalid.")],
    ['a time that is no number', { time: 'yesterday' }, 400, error("'time' is invalid.")],
    ['text that is no JSON', { params: '{"a":' }, 400, error("'params' is invalid.")],
    ['text of a list', { params: '[1]' }, 400, error("'params' is invalid.")],
    ['50 parameters', { params: entries(50) }, 200, done],
    ['51 parameters', { params: entries(51) }, 400, error("'params' must have at most 50 entries.")],
    ['an event of 139 characters', { event: 'e'.repeat(139) }, 200, done],
    [
      'an event of 140',
      { event: 'e'.repeat(140) },
      200,
      { success: true, warning: { message: `Invalid event name; skipped: '${'e'.repeat(139)}'.` } },
    ],
    ['a user id of 400 characters', { userId: 'u'.repeat(400) }, 200, done],
    [
      'a user id of 401',
      { userId: 'u'.repeat(401) },
      400,
      error("'userId' must have at most 400 characters."),
    ],
    ['a device id of 400 characters', { deviceId: 'd'.repeat(400) }, 200, done],
    ['of 401', { deviceId: 'd'.repeat(401) }, 400, error("'deviceId' must have at most 400 characters.")],
  ];
  for (const [name, params, status, element] of limits) {
    test(`${name}: ${status}`, async () => {
      const answer = await ask({ action: 'track', userId: 'limits', event: 'a', ...params });
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(answer.body.response, [element]);
    });
  }
});

describe('bodies of other kinds', () => {
  const csv = 'userId,plan\nu1,pro\n';
  const query = form({ ...access, action: 'multi', createJob: true });

  for (const contentType of ['text/csv', 'text/plain', 'TEXT/CSV; charset=utf-8']) {
    test(`CSV called ${contentType} is recognised`, async () => {
      const answer = await send(server, `/api?${query}`, {
        headers: { 'content-type': contentType },
        body: csv,
      });
      assert.equal(answer.status, 200);
      const message = 'Action not supported yet: multi with CSV';
      assert.deepEqual(answer.body, { response: [{ success: false, error: { message } }] });
    });
  }

  test('form fields called text are fields', async () => {
    const data = [{ action: 'track', userId: 'text fields', event: 'a' }];
    const answer = await send(server, `/api?${form({ ...access, action: 'multi' })}`, {
      headers: { 'content-type': 'text/plain' },
      body: form({ data }),
    });
    assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
  });

  test('files beside fields are let pass', async () => {
    const body = new FormData();
    const call = { ...access, action: 'track', userId: 'files', event: 'a' };
    for (const [name, value] of Object.entries(call)) body.set(name, value);
    body.set('file0', new Blob([new Uint8Array(100_000)]), 'a.png');
    const answer = await fetch(`${server.url}/api`, { method: 'POST', body });
    assert.equal(await answer.text(), '{"response":[{"success":true,"isOffline":true}]}');
  });

  const tooMany = error('Request has more than 1000 fields.');
  test('more fields than any call has', async () => {
    const answer = await send(server, '/api', { headers: fields, body: 'a=1&'.repeat(2_000_000) });
    assert.deepEqual([answer.status, answer.body], [400, { response: [tooMany] }]);
    const parts = Array.from({ length: 1001 }, (_, index) => [`p${index}`, 'x']);
    const other = await send(server, '/api', multipart(Object.fromEntries(parts)));
    assert.deepEqual([other.status, other.body], [400, { response: [tooMany] }]);
  });

  test('JSON of more than 16 MB, also when it comes packed', async () => {
    const message = 'Request body has more than 16777216 bytes.';
    const body = JSON.stringify({ ...access, event: 'x'.repeat(16 * 1024 * 1024) });
    for (const request of [
      { headers: json, body },
      { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(body) },
    ]) {
      const answer = await send(server, '/api', request);
      assert.deepEqual([answer.status, answer.body], [413, { response: [error(message)] }]);
    }
  });

  const strangers: [query: string, status: number, message: string][] = [
    [form({ ...access, clientKey: 'wrong' }), 403, 'Invalid access key'],
    [form({ ...access, appId: 'wrong' }), 404, 'App not found'],
  ];
  for (const [query, status, message] of strangers) {
    test(`keys in the query are looked at first: ${message}`, async () => {
      for (const body of ['{', JSON.stringify(access), '[['.repeat(1000)]) {
        const answer = await send(server, `/api?${query}`, { headers: json, body });
        assert.deepEqual([answer.status, answer.body], [status, { response: [error(message)] }]);
      }
    });
  }

  test('empty ones are given in the body', async () => {
    const body = JSON.stringify({ ...access, action: 'track', userId: 'empty keys', event: 'a' });
    const answer = await send(server, '/api?appId=&clientKey=', { headers: json, body });
    assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
  });
});

function error(message: string) {
  return { success: false, error: { message } };
}
