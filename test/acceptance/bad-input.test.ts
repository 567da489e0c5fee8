/**
 * Input that no contract foresees: never a 500, never a hang, always the dialect's envelope, and what stands beside it
 * in a batch is applied. JSON is written by hand here, because JSON.stringify cannot say all of it.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import type { Answer } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportOne, exportUser, send, type WireRequest } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
const { projectToken, publicTokens, privateKeys } = demoProject.bloomreach;
const access = { appId, clientKey: keys.production };
const track = `/track/v2/projects/${projectToken}`;
const data = `/data/v2/projects/${projectToken}`;
const pair = `${privateKeys[0].id}:${privateKeys[0].secret}`;
const headers = { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };

type Json = Record<string, unknown>;
interface LeanplumAnswer {
  response: { success: boolean; error?: { message: string } }[];
}
interface BatchAnswer {
  success: boolean;
  results: { success: boolean; errors?: string[]; command_id?: unknown }[];
}

function deep(levels: number, open: string, close: string): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

/** Values of every JSON type, as text. */
const values: Record<string, string> = {
  null: 'null',
  true: 'true',
  false: 'false',
  zero: '0',
  'minus zero': '-0',
  negative: '-1.5',
  'a huge integer': '123456789012345678901234567890',
  'too large for a number': '1e400',
  'too small for a number': '-1e400',
  'the largest number': '1.7976931348623157e308',
  'the smallest number': '-1.7976931348623157e308',
  'empty text': '""',
  text: '"some text"',
  'a lone surrogate': '"\\ud800"',
  'NUL characters': '"\\u0000a\\u0000"',
  'long text': JSON.stringify('x'.repeat(20_000)),
  'broken JSON as text': '"{\\"a\\":"',
  'JSON as text': '"[[{\\"a\\":null}]]"',
  'an empty list': '[]',
  'a list': '[1,"a",null,[{}]]',
  'an empty object': '{}',
  'an object': '{"a":1,"__proto__":{"b":2}}',
  'a deep list': deep(10_000, '[', ']'),
  'a deep object': deep(10_000, '{"a":', '}'),
};

/** JSON of an object with one member given as text. */
function withMember(object: Json, name: string, json: string): string {
  const [outer, inner] = name.split('.') as [string, string | undefined];
  const mark = '@here@';
  const member = inner === undefined ? mark : { ...(object[outer] as Json), [inner]: mark };
  return JSON.stringify({ ...object, [outer]: member }).replace(`"${mark}"`, () => json);
}

/** All at once, over as many connections. */
async function forEachValue(check: (what: string, json: string) => Promise<void>): Promise<void> {
  await Promise.all(Object.entries(values).map(([what, json]) => check(what, json)));
}

function assertRefused(message: unknown, what: string): void {
  assert.ok(typeof message === 'string' && message !== '', what);
  assert.doesNotMatch(message, /internal|unavailable/i, what);
}

/** Every element is well-formed and no failure is one of ours. */
function assertLeanplum(answer: Answer<unknown>, what: string): asserts answer is Answer<LeanplumAnswer> {
  assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
  const { response } = answer.body as LeanplumAnswer;
  assert.ok(Array.isArray(response), `${what}: ${answer.text.slice(0, 300)}`);
  for (const { success, error } of response) {
    assert.equal(typeof success, 'boolean', what);
    assert.equal(success, error === undefined, what);
    if (error !== undefined) assertRefused(error.message, what);
  }
}

/** One of the failures of contract 1.4, or a success. */
function assertBloomreach(answer: Answer<unknown>, what: string): void {
  assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
  const { success, error, message, errors } = answer.body as Json;
  assert.equal(success, answer.status === 200, `${what}: ${answer.text.slice(0, 300)}`);
  if (success === true) return;
  const problem = error ?? message ?? (Array.isArray(errors) ? errors[0] : JSON.stringify(errors));
  assertRefused(problem, `${what}: ${answer.text.slice(0, 300)}`);
}

function callLeanplum(body: WireRequest['body'], query = '') {
  return send(server, `/api${query}`, { body: body ?? '' });
}

describe('Leanplum: every parameter of every type', () => {
  const actions: Json[] = [
    { action: 'track', event: 'e', value: 1, params: { a: 1 } },
    { action: 'setUserAttributes', userAttributes: { a: 1 } },
    { action: 'start', userAttributes: { a: 1 } },
  ];
  const inner =
    `action userId deviceId time reqId uuid devMode createDisposition event value info messageId params
    params.a userAttributes userAttributes.a newUserId events states devices data sdkVersion`.split(/\s+/);
  for (const name of inner) {
    test(`${name} in an element; the ones beside it are applied`, async () => {
      const neighbour = JSON.stringify({ action: 'track', userId: `beside ${name}`, event: 'fine' });
      const elements = Object.entries(values).flatMap(([what, json]) =>
        actions.map((action) => ({ what, json: withMember({ userId: 'bad', ...action }, name, json) })),
      );
      const list = elements.flatMap(({ json }) => [json, neighbour]).join(',');
      const time = Date.now() / 1000;
      const outer = JSON.stringify({ ...access, action: 'multi', time, sdkVersion: '1' });
      const answer = await callLeanplum(`${outer.slice(0, -1)},"data":[${list}]}`);
      assertLeanplum(answer, name);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.response.length, 2 * elements.length);
      for (const [index, element] of answer.body.response.entries()) {
        if (index % 2 === 1) assert.ok(element.success, `beside ${elements[(index - 1) / 2]?.what}`);
      }
      assert.deepEqual(await countsOf(server, `beside ${name}`), { fine: elements.length });
    });
  }

  const outer =
    `action appId clientKey apiVersion userId deviceId time data devMode sdkVersion reqId uuid event params
    nonsense __proto__ constructor`.split(/\s+/);
  for (const name of outer) {
    test(`${name} of the call, alone and as multi`, async () => {
      const single = { ...access, action: 'track', userId: 'bad', event: 'e' };
      const element = { action: 'track', userId: 'bad', event: 'e' };
      const multi = { ...access, action: 'multi', time: Date.now() / 1000, data: [element] };
      await forEachValue(async (what, json) => {
        for (const call of [single, multi]) {
          // The last of repeated names wins.
          const body = `${JSON.stringify(call).slice(0, -1)},"${name}":${json}}`;
          assertLeanplum(await callLeanplum(body), `${name}: ${what}`);
        }
      });
    });
  }
});

describe('Bloomreach: every member of every type', () => {
  const event = { customer_ids: { registered: 'bad' }, event_type: 'e', timestamp: 1, properties: { a: 1 } };
  const members =
    `customer_ids customer_ids.registered customer_ids.cookie customer_ids.other event_type type timestamp
    update_timestamp age properties properties.a nonsense`.split(/\s+/);
  const neighbour = (name: string) =>
    JSON.stringify({
      name: 'customers/events',
      data: { customer_ids: { registered: `beside command ${name}` }, event_type: 'fine' },
    });

  async function assertNeighbours(name: string, bad: string[]): Promise<void> {
    const list = bad.flatMap((json) => [json, neighbour(name)]).join(',');
    const answer = await send<BatchAnswer>(server, `${track}/batch`, {
      headers,
      body: `{"commands":[${list}]}`,
    });
    assert.equal(answer.status, 200, `${name}: ${answer.text.slice(0, 500)}`);
    assert.equal(answer.body.results.length, 2 * bad.length);
    for (const [index, { success, errors }] of answer.body.results.entries()) {
      const what = `${name}: command ${index} of ${list.slice(0, 500)}`;
      if (index % 2 === 1) assert.equal(success, true, what);
      else if (!success) assertRefused(errors?.[0], what);
    }
  }

  for (const name of members) {
    for (const route of ['customers', 'customers/events']) {
      test(`${name} of ${route}`, async () => {
        await forEachValue(async (what, json) => {
          const body = withMember(event, name, json);
          assertBloomreach(await send(server, `${track}/${route}`, { headers, body }), `${name}: ${what}`);
        });
        const bad = Object.values(values).map((json) => {
          return `{"name":"${route}","data":${withMember(event, name, json)}}`;
        });
        const beside = `${route} ${name}`;
        await assertNeighbours(beside, bad);
        assert.deepEqual(await countsOf(server, `beside command ${beside}`), { fine: bad.length });
      });
    }
  }

  for (const name of ['name', 'data', 'command_id', 'nonsense']) {
    test(`${name} of a command`, async () => {
      const command = { name: 'customers/events', data: event };
      const bad = Object.values(values).map((json) => withMember(command, name, json));
      await assertNeighbours(name, bad);
      assert.deepEqual(await countsOf(server, `beside command ${name}`), { fine: bad.length });
    });
  }

  test('commands, and a command, that are none', async () => {
    await forEachValue(async (what, json) => {
      for (const body of [`{"commands":${json}}`, `{"commands":[${json}]}`, json, `[${json}]`]) {
        const answer = await send(server, `${track}/batch`, { headers, body });
        assertBloomreach(answer, `${what}: ${body.slice(0, 99)}`);
      }
    });
  });

  for (const route of ['attributes', 'export-one']) {
    test(`members of data customers/${route}`, async () => {
      const ids = { customer_ids: { registered: 'known' } };
      await send(server, `${track}/customers`, { headers, body: JSON.stringify(ids) });
      const asked = { ...ids, attributes: [{ type: 'property', property: 'a' }] };
      await forEachValue(async (what, json) => {
        const bodies = [
          json,
          ...['customer_ids', 'customer_ids.registered', 'customer_ids.cookie', 'attributes'].map((name) =>
            withMember(asked, name, json),
          ),
          withMember(ids, 'attributes', `[${json}]`),
          ...['type', 'property', 'id'].map((name) => {
            return withMember(ids, 'attributes', `[{"type":"property","property":"a","${name}":${json}}]`);
          }),
          withMember(ids, 'attributes', `[{"type":"id","id":${json}}]`),
        ];
        for (const body of bodies) {
          const answer = await send(server, `${data}/customers/${route}`, { headers, body });
          assertBloomreach(answer, `${what}: ${body.slice(0, 200)}`);
        }
      });
    });
  }
});

describe('bodies that are none', () => {
  const bodies: Record<string, string | Uint8Array<ArrayBuffer>> = {
    nothing: '',
    'a brace': '{',
    'a bracket': '[',
    'half a name': '{"acti',
    'half an escape': '{"a":"\\u00',
    'a comma too much': '{"action":"track",}',
    'NaN and undefined': '{"time":NaN,"data":undefined}',
    'two objects': '{}{}',
    'only a byte order mark': '\uFEFF',
    'only white space': ' \r\n\t',
    'bytes that are no UTF-8': new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
    'UTF-16': new Uint8Array(Buffer.from('{"action":"track"}', 'utf16le')),
    zeros: new Uint8Array(1000),
    'a deep list, unclosed': '['.repeat(100_000),
    'a deep object, unclosed': '{"a":'.repeat(100_000),
    'a deep list': deep(10_000, '[', ']'),
    'a deep object': deep(10_000, '{"a":', '}'),
    __proto__: '{"__proto__":{"action":"track","commands":[]}}',
    'form nonsense': '&&=&%&%zz=%E0%A4%A&a[b]=c&__proto__=1',
  };
  for (const [name, body] of Object.entries(bodies)) {
    test(name, async () => {
      const leanplum = await callLeanplum(body);
      assertLeanplum(leanplum, 'leanplum');
      assert.equal(leanplum.status, 400, leanplum.text);
      assert.equal(leanplum.body.response.length, 1);
      const multi = await callLeanplum(body, `?action=multi&appId=${appId}&clientKey=${keys.production}`);
      assertLeanplum(multi, 'leanplum multi');
      for (const path of [`${track}/batch`, `${track}/customers`, `${track}/customers/events`]) {
        const answer = await send(server, path, { headers, body });
        assertBloomreach(answer, path);
        assert.equal(answer.status, 400, answer.text);
      }
      for (const route of ['attributes', 'export-one']) {
        const answer = await send(server, `${data}/customers/${route}`, { headers, body });
        assertBloomreach(answer, route);
        assert.equal(answer.status, 400, answer.text);
      }
    });
  }

  const contentTypes = [
    '',
    'json',
    'application/json;',
    ';',
    'a/b/c',
    'text/plain; charset="',
    'application/json, x',
  ];
  for (const contentType of contentTypes) {
    test(`JSON with the content type '${contentType}' is read all the same`, async () => {
      const more = { 'content-type': contentType };
      const userId = `content type ${contentType}`;
      const call = JSON.stringify({ ...access, action: 'track', userId, event: 'a' });
      const answer = await send(server, '/api', { headers: more, body: call });
      assert.equal(answer.text, '{"response":[{"success":true,"isOffline":true}]}');
      const event = JSON.stringify({ customer_ids: { registered: userId }, event_type: 'a' });
      const other = await send(server, `${track}/customers/events`, {
        headers: { ...headers, ...more },
        body: event,
      });
      assert.equal(other.text, '{"success":true,"errors":[]}');
      assert.deepEqual(await countsOf(server, userId), { a: 2 });
    });
  }
});

describe('addresses', () => {
  test('queries of nonsense', async () => {
    for (const query of [
      '?',
      '?&&',
      '?=',
      '?%',
      '?%zz=%E0',
      '?action',
      '?action=&action[]=x',
      '?a=%00',
      '?__proto__=1',
    ]) {
      const answer = await send(server, `/api${query}`);
      assertLeanplum(answer, query);
      assert.equal(answer.status, 400);
    }
  });

  test('a long query', async () => {
    const params = JSON.stringify({ text: 'x'.repeat(8000) });
    const query = new URLSearchParams({ ...access, action: 'track', userId: 'long', event: 'a', params });
    assert.equal((await send(server, `/api?${query}`)).status, 200);
    assert.equal(
      (await exportOne(server, { registered: 'long' })).events[0]?.properties['text'],
      'x'.repeat(8000),
    );
  });

  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    test(`${method} /api is refused in an envelope`, async () => {
      const answer = await send(server, '/api', {
        method,
        body: JSON.stringify({ ...access, action: 'track' }),
      });
      assertLeanplum(answer, method);
      assert.ok(answer.status >= 400);
    });
  }

  test('an unknown address is unknown, whatever comes with it', async () => {
    const bodies = ['{', '{}', 'x'.repeat(2_000_000)];
    for (const contentType of ['application/json', 'text/plain', 'application/xml', 'nonsense']) {
      for (const body of bodies) {
        const path = `${track}/nothing`;
        const answer = await send(server, path, {
          headers: { ...headers, 'content-type': contentType },
          body,
        });
        const error = 'The requested URL was not found on the server';
        assert.deepEqual(answer.body, { success: false, error }, `${contentType} ${body.slice(0, 9)}`);
        assert.equal(answer.status, 404);
      }
    }
  });

  test('an access token given twice', async () => {
    const path = `${track}/system/time?access_token=${publicTokens[0]}&access_token=other`;
    assertBloomreach(await send(server, path), 'twice');
    assertBloomreach(
      await send(server, `${track}/system/time?access_token[]=x&access_token[a]=1`),
      'as a list',
    );
  });
});

describe('a body over the limit', () => {
  const megabyte = 1024 * 1024;
  const rows: [path: string, limit: number, check: (answer: Answer<unknown>) => void][] = [
    ['/api', 52 * megabyte, (answer) => assertLeanplum(answer, '/api')],
    ['/api-batch', 52 * megabyte, (answer) => assertLeanplum(answer, '/api-batch')],
    ...['batch', 'customers', 'customers/events'].map((route): (typeof rows)[number] => [
      `${track}/${route}`,
      42 * megabyte,
      ({ body }) => assert.deepEqual(body, { success: false, message: 'Request too large' }),
    ]),
    [
      `${data}/customers/export-one`,
      42 * megabyte,
      ({ body }) => assert.deepEqual(body, { success: false, message: 'Request too large' }),
    ],
  ];
  for (const [path, limit, check] of rows) {
    test(`${path}: by its content length, before it is sent`, async () => {
      const answer = await announce(path, limit + 1);
      assert.equal(answer.status, 413, answer.text);
      check(answer);
    });
  }

  for (const [path, limit, check] of rows.filter(([path]) => /api$|\/batch$/.test(path))) {
    test(`${path}: in chunks`, async () => {
      const answer = await stream(path, limit / megabyte + 1);
      assert.equal(answer.status, 413, answer.text);
      check(answer);
    });
  }

  test('the key is looked at first', async () => {
    const answer = await announce(`${track}/batch`, 42 * megabyte + 1, { authorization: 'Token unknown' });
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, { success: false, error: 'access key not found' });
  });

  /** Says how long the body will be and sends only its beginning. */
  async function announce(path: string, length: number, more: Record<string, string> = headers) {
    const upload = request(server.url + path, {
      method: 'POST',
      headers: { ...more, 'content-length': length },
      signal: AbortSignal.timeout(15_000),
    });
    upload.write('{');
    return answerTo(upload);
  }

  /** Sends megabytes in chunks, as long as the server takes them. */
  function stream(path: string, megabytes: number) {
    const upload = request(server.url + path, {
      method: 'POST',
      headers,
      signal: AbortSignal.timeout(15_000),
    });
    const answer = answerTo(upload);
    const chunk = Buffer.alloc(megabyte, ' ');
    const write = (left: number) => {
      if (left === 0) upload.end();
      else if (!upload.destroyed) upload.write(chunk, () => write(left - 1));
    };
    write(megabytes);
    return answer;
  }

  async function answerTo(upload: ReturnType<typeof request>) {
    const [answer] = await once(upload);
    // What is still being sent then may find nobody.
    upload.on('error', () => undefined);
    const body = await text(answer);
    upload.destroy();
    return {
      status: answer.statusCode ?? 0,
      headers: new Headers(),
      body: JSON.parse(body) as unknown,
      text: body,
    };
  }

  function once(upload: ReturnType<typeof request>): Promise<[import('node:http').IncomingMessage]> {
    return new Promise((resolve, reject) => {
      upload.once('response', (answer) => resolve([answer]));
      upload.once('error', reject);
    });
  }
});

test('a profile that would become too large is refused, the ones beside it are not', async () => {
  const attribute = 'x'.repeat(16_000);
  const many = (from: number) =>
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`a${from + index}`, attribute]));
  const set = (userId: string, userAttributes: Json) => ({
    action: 'setUserAttributes',
    userId,
    userAttributes,
  });
  const elements = [
    set('large', many(0)),
    set('large', many(200)),
    set('large', { a0: 'small again' }),
    set('beside large', { a: 1 }),
  ];
  const answer = await callLeanplum(
    JSON.stringify({ ...access, action: 'multi', time: Date.now() / 1000, data: elements }),
  );
  assertLeanplum(answer, 'large');
  const succeeded = answer.body.response.map(({ success }) => success);
  assert.deepEqual(succeeded, [true, false, true, true]);
  const { userAttributes = {} } = await exportUser(server, { userId: 'large' });
  assert.equal(Object.keys(userAttributes).length, 200);
  assert.equal(userAttributes['a0'], 'small again');
});

test('after all that the server still serves, and nothing was reported as a bug', async () => {
  const call = JSON.stringify({ ...access, action: 'track', userId: 'survivor', event: 'a' });
  assert.equal((await callLeanplum(call)).text, '{"response":[{"success":true,"isOffline":true}]}');
  assert.equal(server.stderr(), '');
});
