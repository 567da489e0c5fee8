/**
 * The two tables of failures of the Bloomreach contract, row by row and in its order, with their literal bodies: whole requests
 * (1.4), and commands (3.4), alone and inside a batch.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum, type Target } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { exportOne, send } from './wire.ts';

const { projectToken, publicTokens, privateKeys } = demoProject.bloomreach;
const [{ id: keyId, secret }] = privateKeys;
const track = `/track/v2/projects/${projectToken}`;
const data = `/data/v2/projects/${projectToken}`;
const basic = (pair: string, scheme = 'Basic') =>
  `${scheme} ${Buffer.from(pair).toString('base64')}` as const;
const known = `Token ${publicTokens[0]}` as const;
const full = basic(`${keyId}:${secret}`);
/** A key without any right. */
const blind = basic('blind:s');
const unknownToken = '00000000-0000-4000-8000-000000000000';
const other = {
  name: 'Other',
  bloomreach: {
    projectToken: '11111111-2222-4333-8444-555555555555',
    publicTokens: ['otherpublic'],
    privateKeys: [{ id: 'otherkeyid', secret: 'othersecret' }],
  },
};
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bodyBytesMax = 42 * 1024 * 1024;

type Json = Record<string, unknown>;

let server: Server;
before(async () => {
  const keys = [
    ...privateKeys,
    { id: 'blind', secret: 's', permissions: {} },
    { id: 'half', secret: 's', permissions: { properties: { set: '*' } } },
    { id: 'adder', secret: 's', permissions: { properties: { set: ['a'] } } },
  ];
  const demo = { ...demoProject, bloomreach: { ...demoProject.bloomreach, privateKeys: keys } };
  server = await startServer({ bootstrap: { projects: [demo, other] } });
});
after(() => server[Symbol.asyncDispose]());

/** A request as it goes over the wire. With a length, only its head goes out: it is answered before the body. */
interface Call {
  readonly path: string;
  readonly key?: string | undefined;
  readonly method?: string;
  readonly body?: string;
  readonly length?: number;
}

function ask(target: Target, { path, key, body, length, method }: Call) {
  const isPost = body !== undefined || length !== undefined;
  const headers = {
    ...(key !== undefined && { authorization: key }),
    ...(isPost && { 'content-length': length ?? Buffer.byteLength(body ?? '') }),
  };
  return new Promise<{ status: number; headers: Headers; text: string }>((done, fail) => {
    const options = { method: method ?? (isPost ? 'POST' : 'GET'), headers, agent: false };
    const call = request(target.url + path, options, (answer) => {
      text(answer).then((content) => {
        call.destroy();
        const found = new Headers(answer.headers as Record<string, string>);
        done({ status: answer.statusCode ?? 0, headers: found, text: content });
      }, fail);
    });
    call.on('error', fail);
    if (length === undefined) call.end(body);
    else call.flushHeaders();
  });
}

/** The files of the history that the store names. */
function sealedFiles(dataFolder: string): string[] {
  using database = new DatabaseSync(join(dataFolder, 'rapport.sqlite'), { readOnly: true });
  const named = database.prepare('SELECT file FROM segments').all();
  return named.map(({ file }) => join(dataFolder, 'history', `${file}`));
}

/** The answer of a batch without its two times. */
function withoutTimes(answer: string): string {
  return answer.replace(/,"start_time":\d+\.?\d*,"end_time":\d+\.?\d*/, '');
}

async function isKnown(registered: string): Promise<boolean> {
  const asked = { customer_ids: { registered } };
  const { status, text: answer } = await bloomreach(server, `${data}/customers/export-one`, asked);
  assert.ok(status === 200 || status === 404, answer);
  return status === 200;
}

const batch = `${track}/batch`;
const events = `${track}/customers/events`;
const time = (token: string) => `/track/v2/projects/${token}/system/time`;
const noIds = 'At least one id should be specified.';
const noValidIds = 'At least one valid id should be specified';
const noEvent = 'Not authorized to add event of specified type';
const noProperties = 'not authorized to update specified customer properties';
const trouble = '{"success":false,"error":"Internal server error"}';

describe('whole requests (contract 1.4)', () => {
  const of = (registered: string) => ({ name: 'customers', data: { customer_ids: { registered } } });
  const good = of('refused');
  const commands = (given: unknown): string => JSON.stringify({ commands: given });
  const reads = ['attributes', 'events', 'export-one', 'export', 'anonymize', 'anonymize_bulk'];
  // Where it can be, a request is right in all that is looked at before what its row says, and wrong in all that is
  // looked at later: so the rows hold the order of evaluation as well.
  const rows: [situation: string, status: number, answer: string, calls: Call[]][] = [
    [
      'project token malformed',
      400,
      '{"success":false,"error":"Invalid project id"}',
      [
        { path: '/track/v2/projects/1/batch', body: '{' },
        { path: '/track/v2/projects/1/batch', length: bodyBytesMax + 1 },
        ...[
          projectToken.slice(0, -1),
          projectToken.replaceAll('-', ''),
          `${projectToken}0`,
          'g'.repeat(2000),
          '%E4',
        ].map((token) => ({ path: time(token), key: known })),
      ],
    ],
    [
      'project token unknown',
      400,
      '{"success":false,"error":"Could not authenticate"}',
      [
        { path: `/track/v2/projects/${unknownToken}/batch`, body: '{' },
        { path: time(unknownToken), key: 'Token unknown' },
        { path: time(unknownToken), key: known },
      ],
    ],
    [
      'header missing or badly formed',
      401,
      '{"success":false,"error":"access key not provided"}',
      [
        { path: batch, body: '{' },
        { path: batch, body: '{', key: 'Basic !' },
        { path: `${time(projectToken)}?access_token=` },
        ...[
          '',
          'Token',
          'Basic',
          publicTokens[0],
          `Bearer ${publicTokens[0]}`,
          basic('no colon in here'),
          basic(`:${secret}`),
        ].map((key) => ({ path: time(projectToken), key })),
      ],
    ],
    [
      'unknown key or token, or one of another project',
      401,
      '{"success":false,"error":"access key not found"}',
      [
        ...[batch, `${track}/customers`, events].map((path) => ({ path, key: 'Token x', body: '{' })),
        { path: batch, key: basic('x:y'), body: '{' },
        { path: batch, key: 'Token x', length: bodyBytesMax + 1 },
        { path: `${time(projectToken)}?access_token=unknown` },
        { path: time(other.bloomreach.projectToken), key: known },
        ...[
          `Token ${projectToken}`,
          `Token ${keyId}`,
          `Token ${secret}`,
          `Token ${publicTokens[0].toUpperCase()}`,
          basic(`${publicTokens[0]}:x`),
          'Token otherpublic',
          basic('otherkeyid:othersecret'),
        ].map((key) => ({ path: time(projectToken), key })),
      ],
    ],
    [
      'key known, secret wrong',
      403,
      '{"success":false,"error":"invalid secret"}',
      ['y', '', `${secret}x`, 'othersecret'].map((it) => ({
        path: batch,
        key: basic(`${keyId}:${it}`),
        body: '{',
      })),
    ],
    [
      'permission missing, single route: an event',
      403,
      `{"success":false,"errors":["${noEvent}"]}`,
      [{ path: events, key: blind, body: '{"event_type":"a","customer_ids":{},"properties":[]}' }],
    ],
    [
      'permission missing, single route: properties',
      403,
      `{"success":false,"errors":["${noProperties}"]}`,
      [{ path: `${track}/customers`, key: blind, body: '{"customer_ids":{},"properties":{"a":1}}' }],
    ],
    [
      'permission missing, inside batch',
      200,
      `{"results":[{"success":true},{"success":false,"errors":["${noEvent}"]},{"success":true}],"success":true}`,
      [
        {
          path: batch,
          key: basic('half:s'),
          body: commands([of('half'), { name: 'customers/events', data: { event_type: 'a' } }, of('half')]),
        },
      ],
    ],
    [
      'public token on a private-only route',
      403,
      '{"success":false,"error":"No permission"}',
      [...reads.map((it) => `customers/${it}`), 'catalogs'].map((it) => ({
        path: `${data}/${it}`,
        key: known,
        body: '{',
      })),
    ],
    [
      'body is not JSON: batch',
      400,
      '{"success":false,"message":"Invalid JSON"}',
      ['{', '', '{"commands":', JSON.stringify([good]), '"commands"', 'null'].map((body) => ({
        path: batch,
        key: blind,
        body,
      })),
    ],
    [
      'body is not JSON: single',
      400,
      '{"success":false,"errors":["Invalid JSON"]}',
      ['customers', 'customers/events', 'campaigns/clicks'].flatMap((route) =>
        ['{', '', '{"customer_ids":', '[]', 'null', '"x"'].map((body) => ({
          path: `${track}/${route}`,
          key: blind,
          body,
        })),
      ),
    ],
    [
      'commands missing or empty',
      400,
      '{"success":false,"message":"No commands"}',
      ['{}', '{"commands":null}', '{"commands":[]}'].map((body) => ({ path: batch, key: blind, body })),
    ],
    [
      'a member of commands is not an object',
      400,
      '{"success":false,"message":"Invalid JSON"}',
      [[good, 1], [good, null], [good, []], [good, 'x'], good, JSON.stringify([good])].map((given) => ({
        path: batch,
        key: full,
        body: commands(given),
      })),
    ],
    [
      'more than 50 commands',
      400,
      '{"success":false,"message":"Too many commands"}',
      [Array(51).fill(good), [...Array(50).fill(good), 1]].map((given) => ({
        path: batch,
        key: full,
        body: commands(given),
      })),
    ],
    [
      'request body over the hard cap',
      413,
      '{"success":false,"message":"Request too large"}',
      [batch, events].map((path) => ({ path, key: known, length: bodyBytesMax + 1 })),
    ],
    [
      'unknown path',
      404,
      '{"success":false,"error":"The requested URL was not found on the server"}',
      ['/', '/track', '/track/v2/projects/1/nothing', track, `${batch}/more`, `${data}/batch`].flatMap(
        (path) => [{ path }, { path, body: '{' }, { path, key: full, body: '{}' }],
      ),
    ],
    [
      'wrong method',
      405,
      '{"success":false,"error":"Method not allowed"}',
      [
        { path: '/track/v2/projects/1/batch', method: 'PUT' },
        ...[batch, `${track}/customers`, events, `${data}/customers/export-one`, time(projectToken)].flatMap(
          (path) => ['PUT', 'PATCH', 'DELETE'].map((method) => ({ path, method, key: known })),
        ),
        ...[batch, events, `${data}/customers/attributes`].map((path) => ({ path, key: known })),
      ],
    ],
  ];
  for (const [situation, status, answer, calls] of rows) {
    test(`${situation}: ${status}`, async () => {
      for (const call of calls) {
        const given = await ask(server, call);
        const what = JSON.stringify(call).slice(0, 300);
        assert.deepEqual([given.status, withoutTimes(given.text)], [status, answer], what);
        assert.match(given.headers.get('x-request-id') ?? '', uuid, what);
        assert.match(given.headers.get('content-type') ?? '', /^application\/json/, what);
        const allowed = call.path.endsWith('/time') ? 'GET, POST' : 'POST';
        assert.equal(given.headers.get('allow'), status === 405 ? allowed : null, what);
      }
    });
  }

  test('what is refused as a whole has left no trace; what stands beside a failed command has', async () => {
    assert.deepEqual([await isKnown('refused'), await isKnown('half')], [false, true]);
  });

  test('rate limit: 429; it counts requests, not commands, of Bloomreach alone, before all else', async () => {
    await using limited = await startServer({ environment: { RAPPORT_BLOOMREACH_RATE_LIMIT: '4' } });
    const fifty = commands(Array(50).fill({ name: 'system/time' }));
    const allowed: [status: number, Call][] = [
      [200, { path: batch, key: known, body: fifty }],
      [200, { path: batch, key: known, body: fifty }],
      [404, { path: '/nothing' }],
      [400, { path: '/webxp/projects/1/segments' }],
    ];
    for (const [status, call] of allowed) assert.equal((await ask(limited, call)).status, status);
    const over: Call[] = [
      { path: batch, key: known, body: fifty },
      { path: '/nothing' },
      { path: batch, method: 'PUT' },
      { path: '/track/v2/projects/1/batch', body: '{' },
    ];
    for (const call of over) {
      const given = await ask(limited, call);
      assert.deepEqual([given.status, given.text], [429, '{"success":false,"errors":["Too many requests"]}']);
      assert.match(given.headers.get('retry-after') ?? '', /^1?\d$/);
      assert.match(given.headers.get('x-request-id') ?? '', uuid);
    }
    assert.equal((await send(limited, '/health/live')).status, 200);
    assert.equal((await leanplum(limited, { action: 'track', userId: 'a', event: 'b' })).status, 200);
  });

  test('the rate limit is off by default', async () => {
    const calls = Array.from({ length: 50 }, () => ask(server, { path: '/nothing' }));
    assert.ok((await Promise.all(calls)).every(({ status }) => status === 404));
  });

  test('server trouble: 500, when a file of the history is gone', async () => {
    await using broken = await startServer({ environment: { RAPPORT_HISTORY_LINES: '50' } });
    const event = { name: 'customers/events', data: { customer_ids: { registered: 'a' }, event_type: 'b' } };
    await ask(broken, { path: batch, key: full, body: commands(Array(50).fill(event)) });
    await until(() => sealedFiles(broken.dataFolder).length > 0, 'the lines are in a file');
    for (const file of sealedFiles(broken.dataFolder)) rmSync(file);
    const asked = { customer_ids: { registered: 'a' } };
    const exported = { path: `${data}/customers/export-one`, key: full, body: JSON.stringify(asked) };
    // The lines are still in memory for a moment.
    await until(async () => (await ask(broken, exported)).status !== 200, 'the file is missed');
    const given = await ask(broken, exported);
    assert.deepEqual([given.status, given.text], [500, trouble]);
    assert.match(given.headers.get('x-request-id') ?? '', uuid);
    assert.match(broken.stderr(), /a request failed/);
    // Nobody else notices.
    assert.equal(
      (await ask(broken, { path: events, key: full, body: JSON.stringify(event.data) })).status,
      200,
    );
  });

  test('server trouble: 503, when the disk is full', async (t) => {
    const disk = mountSmallDisk(48);
    if ('refusal' in disk) return t.skip(disk.refusal);
    using mounted = disk;
    await using crammed = await startServer({ dataFolder: join(mounted.folder, 'data') });
    mounted.fill();
    const event = {
      customer_ids: { registered: 'a' },
      event_type: 'b',
      properties: { a: 'x'.repeat(9_000) },
    };
    const single = { path: events, key: known, body: JSON.stringify(event) };
    // Until what was kept free in its files is used up.
    let given = await ask(crammed, single);
    while (given.status === 200) given = await ask(crammed, single);
    const many = commands(Array(50).fill({ name: 'customers/events', data: event }));
    for (const it of [given, await ask(crammed, { ...single, path: batch, body: many })]) {
      assert.deepEqual([it.status, it.text], [503, trouble]);
      assert.match(it.headers.get('retry-after') ?? '', /^\d+$/);
      assert.match(it.headers.get('x-request-id') ?? '', uuid);
    }
    assert.equal((await ask(crammed, { path: time(projectToken), key: known })).status, 200);
  });
});

describe('commands, alone and inside a batch (contract 3.4)', () => {
  const ids = { customer_ids: { registered: 'failing' } };
  const event = { ...ids, event_type: 'a' };
  const both = (given: Json) => [
    { name: 'customers', data: given },
    { name: 'customers/events', data: { event_type: 'a', ...given } },
  ];
  const big = { big: 'x'.repeat(16 * 1024) };
  const heavy = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}`, 'x'.repeat(13_800)]));
  interface Command {
    readonly name?: unknown;
    readonly data?: unknown;
  }
  interface Cause {
    readonly cause: string;
    readonly error: string;
    /** Of the call alone; a command that no route can be asked for has none. */
    readonly alone: 400 | 403 | undefined;
    readonly key?: `${string} ${string}`;
    readonly commands: readonly Command[];
  }
  const rows: Cause[] = [
    {
      cause: 'customer_ids missing, not an object, or empty',
      error: noIds,
      alone: 400,
      commands: [
        ...[undefined, null, {}, [], 'x', 5, true].flatMap((customer_ids) => both({ customer_ids })),
        ...both({ customer_ids: {}, properties: [], timestamp: 'x' }),
      ],
    },
    {
      cause: 'data missing',
      error: noIds,
      alone: undefined,
      commands: [{ name: 'customers' }, { name: 'customers/events' }, { name: 'customers', data: null }],
    },
    {
      cause: 'ids present, none usable',
      error: noValidIds,
      alone: 400,
      commands: [
        { registered: null },
        { registered: '' },
        { registered: '   ' },
        { registered: '-_.!' },
        { registered: 'null' },
        { registered: 'undefined' },
        { registered: true },
        { registered: {} },
        { registered: ['a', 'b'] },
        { cookie: [] },
        { cookie: [null, ''] },
        { unknown_type: 'x1' },
        { registered: null, cookie: undefined, other: 1 },
      ].map((customer_ids) => ({ name: 'customers', data: { customer_ids, properties: [] } })),
    },
    {
      cause: 'ids present, none usable, of an event',
      error: noValidIds,
      alone: 400,
      commands: [
        { name: 'customers/events', data: { customer_ids: { registered: 'null' }, properties: [] } },
      ],
    },
    {
      cause: 'event_type missing or empty',
      error: "Field 'event_type' is required.",
      alone: 400,
      commands: [undefined, '', null].map((event_type) => ({
        name: 'customers/events',
        data: { ...ids, event_type, properties: [], timestamp: 'x' },
      })),
    },
    {
      cause: 'no Events > Set for that type',
      error: noEvent,
      alone: 403,
      key: basic('half:s'),
      commands: [
        { name: 'customers/events', data: event },
        { name: 'customers/events', data: { customer_ids: {}, type: 'a', properties: [], timestamp: 'x' } },
        { name: 'campaigns/clicks', data: {} },
      ],
    },
    {
      cause: 'no Customer properties > Set for a named property',
      error: noProperties,
      alone: 403,
      key: basic('adder:s'),
      commands: [
        { name: 'customers', data: { ...ids, properties: { a: 1, vip: true } } },
        { name: 'customers', data: { customer_ids: {}, properties: { vip: 1 }, update_timestamp: 'x' } },
      ],
    },
    {
      cause: 'unknown or missing name',
      error: 'Unknown command',
      alone: undefined,
      commands: [{ name: 'custom_command_type', data: event }, { data: event }, { name: 5, data: 5 }],
    },
    {
      cause: 'data given but not an object',
      error: noIds,
      alone: undefined,
      commands: [[], [event], 'x', '', 5, true].flatMap((data) => [
        { name: 'customers', data },
        { name: 'customers/events', data },
      ]),
    },
    {
      cause: 'properties not an object or null',
      error: 'properties must be an object',
      alone: 400,
      commands: [[], ['a'], 'x', 5, true, ''].flatMap((properties) =>
        both({ ...ids, properties, timestamp: 'x', update_timestamp: 'x' }),
      ),
    },
    {
      cause: 'bad timestamp',
      error: 'Invalid timestamp',
      alone: 400,
      commands: [
        ...['soon', '', 'NaN', 'Infinity', '2026-13-45', {}, [], true, -1, '-1', 1e11].map((timestamp) => ({
          name: 'customers/events',
          data: { ...event, timestamp, properties: big },
        })),
        ...['soon', -1].map((update_timestamp) => ({
          name: 'customers',
          data: { ...ids, update_timestamp, properties: big },
        })),
      ],
    },
    {
      cause: 'a value too large',
      error: "Value of property 'big' is too large",
      alone: 400,
      commands: both({ ...ids, properties: big }),
    },
    {
      cause: 'a message too large',
      error: 'Message is too large',
      alone: 400,
      commands: both({ ...ids, properties: heavy }),
    },
  ];
  const neighbour = (step: string) => ({
    name: 'customers',
    data: { customer_ids: { registered: 'neighbour' }, properties: { step } },
  });
  for (const { cause, error, alone, key = full, commands } of rows) {
    test(`${cause}: ${error}`, async () => {
      if (alone !== undefined) {
        for (const { name, data: body } of commands) {
          const given = await ask(server, { path: `${track}/${name}`, key, body: JSON.stringify(body) });
          const answer = `{"success":false,"errors":["${error}"]}`;
          assert.deepEqual([given.status, given.text], [alone, answer], JSON.stringify(body).slice(0, 300));
        }
      }
      const beside = key === full ? neighbour(cause) : { name: 'system/time' };
      const given = await bloomreach(
        server,
        batch,
        { commands: commands.flatMap((it, n) => [beside, { ...it, command_id: `c-${n}` }]) },
        { auth: key },
      );
      assert.deepEqual([given.status, given.body.success], [200, true], given.text);
      const [besides, failed] = [0, 1].map((odd) => given.body.results?.filter((_, n) => n % 2 === odd));
      assert.ok(
        besides?.every(({ success }) => success),
        given.text,
      );
      assert.deepEqual(
        failed,
        commands.map((_, n) => ({ success: false, errors: [error], command_id: `c-${n}` })),
      );
      // A client of the vendor takes this phrase for a failure of the whole, wherever it stands.
      assert.doesNotMatch(given.text, /no permission/i);
      if (key !== full) return;
      assert.deepEqual((await exportOne(server, { registered: 'neighbour' })).properties, { step: cause });
    });
  }

  for (const odd of ['1e400', `${'['.repeat(40)}${']'.repeat(40)}`]) {
    test(`a message too large beside ${odd.slice(0, 10)} where nobody looks`, async () => {
      const body = `{"customer_ids":{"registered":"failing"},"odd":${odd},"more":"${'x'.repeat(800 * 1024)}"}`;
      const { text } = await ask(server, { path: `${track}/customers`, key: full, body });
      assert.equal(text, '{"success":false,"errors":["Message is too large"]}');
    });
  }

  test('none of them has left a trace', async () => {
    assert.equal(await isKnown('failing'), false);
  });
});
