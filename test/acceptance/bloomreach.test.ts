/** The Bloomreach dialect as its clients see it: routes, credentials, batches, failures. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, nowSec, send } from './wire.ts';

const { projectToken: token, publicTokens, privateKeys } = demoProject.bloomreach;
const [{ id: keyId, secret }] = privateKeys;
const otherToken = '11111111-2222-4333-8444-555555555555';
const otherKey = { id: 'otherkeyid', secret: 'othersecret' };

let server: Server;
before(async () => {
  const rotated = { id: keyId, secret: 'the secret before the last rotation' };
  const demo = {
    ...demoProject,
    bloomreach: { ...demoProject.bloomreach, privateKeys: [...privateKeys, rotated] },
  };
  const other = {
    name: 'Other',
    bloomreach: { projectToken: otherToken, publicTokens: ['otherpublic'], privateKeys: [otherKey] },
  };
  server = await startServer({ bootstrap: { projects: [demo, other] } });
});
after(() => server[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';

function post(path: string, body: unknown) {
  return bloomreach(server, path, body);
}

/** The results of a batch that was accepted. */
async function batch(commands: unknown, more: Json = {}) {
  const answer = await post(`${track}/batch`, { commands, ...more });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.success, true);
  return answer.body.results ?? assert.fail(answer.text);
}

function basic(pair: string, scheme = 'Basic'): string {
  return `${scheme} ${Buffer.from(pair).toString('base64')}`;
}

const isKnown = async (customerIds: Json): Promise<boolean> => {
  const answer = await post(`${data}/customers/export-one`, { customer_ids: customerIds });
  if (answer.status === 200) return true;
  assert.deepEqual(answer.body, { success: false, errors: { _global: ['Customer does not exist'] } });
  assert.equal(answer.status, 404);
  return false;
};

describe('batch', () => {
  test("the vendor's documented example", async () => {
    const from = nowSec();
    const answer = await post(`${track}/batch`, {
      commands: [
        { name: 'system/time' },
        {
          name: 'customers',
          command_id: 'abc',
          data: { customer_ids: { registered: 'example@shop.test' }, properties: { first_name: 'Marian' } },
        },
        {
          name: 'customers/events',
          data: {
            customer_ids: { registered: 'example@shop.test' },
            event_type: 'purchase',
            timestamp: 123456.78,
            properties: { price: 150 },
          },
        },
      ],
    });
    const until = nowSec();
    assert.equal(answer.status, 200);
    const { results, start_time: start, end_time: end, ...rest } = answer.body as unknown as Times;
    const time = results[0]?.['time'];
    assert.deepEqual(results, [
      { success: true, time },
      { success: true, command_id: 'abc' },
      { success: true },
    ]);
    assert.deepEqual(rest, { success: true });
    assert.ok(from - 1 <= start && start <= end && end <= until + 1, `${from} ${start} ${end} ${until}`);
    assert.ok(typeof time === 'number' && start <= time && time <= end);
    const { properties, events } = await exportOne(server, { registered: 'example@shop.test' });
    assert.deepEqual(properties, { first_name: 'Marian' });
    assert.deepEqual(events, [{ type: 'purchase', timestamp: 123456.78, properties: { price: 150 } }]);
  });
  interface Times {
    results: Json[];
    start_time: number;
    end_time: number;
  }

  test('one result per command, in their order, each with its command_id; failures stand alone', async () => {
    const customer = { customer_ids: { registered: 'ordered' } };
    const results = await batch([
      { name: 'customers', command_id: 'c-0', data: { ...customer, properties: { a: 1 } } },
      { name: 'customers/events', command_id: 'c-1', data: { customer_ids: {}, event_type: 'page_visit' } },
      { name: 'custom_command_type', command_id: 'c-2', data: customer },
      { name: 'customers/events', data: { ...customer } },
      { command_id: 'c-4' },
      { name: 'customers', command_id: '', data: { ...customer, properties: [] } },
      { name: 'customers', command_id: 'c-6', data: [] },
      { name: 'customers', command_id: 'c-7' },
      { name: 'customers/events', command_id: 8, data: { ...customer, event_type: 'last' } },
    ]);
    assert.deepEqual(results, [
      { success: true, command_id: 'c-0' },
      { success: false, errors: ['At least one id should be specified.'], command_id: 'c-1' },
      { success: false, errors: ['Unknown command'], command_id: 'c-2' },
      { success: false, errors: ["Field 'event_type' is required."] },
      { success: false, errors: ['Unknown command'], command_id: 'c-4' },
      { success: false, errors: ['properties must be an object'], command_id: '' },
      { success: false, errors: ['At least one id should be specified.'], command_id: 'c-6' },
      { success: false, errors: ['At least one id should be specified.'], command_id: 'c-7' },
      { success: true, command_id: 8 },
    ]);
    const { properties, events } = await exportOne(server, { registered: 'ordered' });
    assert.deepEqual(properties, { a: 1 });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['last'],
    );
  });

  test('a batch in which everything fails is still accepted', async () => {
    assert.deepEqual(await batch([{ name: 'no' }]), [{ success: false, errors: ['Unknown command'] }]);
  });

  test('commands of one customer run in their order', async () => {
    const commands = Array.from({ length: 50 }, (_, step) => ({
      name: 'customers',
      data: { customer_ids: { registered: 'fifty' }, properties: { [`n${step}`]: step, last: step } },
    }));
    assert.equal((await batch(commands)).length, 50);
    const { properties } = await exportOne(server, { registered: 'fifty' });
    assert.equal(properties['last'], 49);
    assert.equal(Object.keys(properties).length, 51);
  });

  test('members nobody knows are ignored', async () => {
    const commands = [
      {
        name: 'customers',
        priority: 1,
        data: { customer_ids: { registered: 'extra' }, properties: { a: 1 }, other: {} },
      },
    ];
    const more = { sdk: 'magento', sdk_version: '1.2.0', magento_version: '2.4', success: false };
    assert.deepEqual(await batch(commands, more), [{ success: true }]);
    assert.deepEqual((await exportOne(server, { registered: 'extra' })).properties, { a: 1 });
  });

  const names: [name: unknown, isCommand: boolean][] = [
    ['customers', true],
    ['/customers', true],
    [`track/v2/projects/${token}/customers`, true],
    [`/track/v2/projects/${token}/customers`, true],
    [`/track/v2/projects/${otherToken}/customers`, false],
    ['Customers', false],
    [' customers', false],
    ['customers ', false],
    ['customers/', false],
    ['toString', false],
    ['__proto__', false],
    ['', false],
    [null, false],
    [5, false],
    [['customers'], false],
  ];
  for (const [name, isCommand] of names) {
    test(`the name ${JSON.stringify(name)} is ${isCommand ? 'a command' : 'unknown'}`, async () => {
      const registered = `name ${JSON.stringify(name)}`;
      const results = await batch([{ name, data: { customer_ids: { registered } } }]);
      const failed = { success: false, errors: ['Unknown command'] };
      assert.deepEqual(results, [isCommand ? { success: true } : failed]);
      assert.equal(await isKnown({ registered }), isCommand);
    });
  }
});

describe('a batch refused as a whole', () => {
  const good = { name: 'customers', data: { customer_ids: { registered: 'refused' } } };
  const rows: [name: string, body: string, message: string][] = [
    ['no JSON', '{"commands":', 'Invalid JSON'],
    ['nothing', '', 'Invalid JSON'],
    ['an array', JSON.stringify([good]), 'Invalid JSON'],
    ['text', '"commands"', 'Invalid JSON'],
    ['null', 'null', 'Invalid JSON'],
    ['no commands', '{}', 'No commands'],
    ['empty commands', '{"commands":[]}', 'No commands'],
    ['commands as an object', JSON.stringify({ commands: good }), 'Invalid JSON'],
    ['commands as text', JSON.stringify({ commands: JSON.stringify([good]) }), 'Invalid JSON'],
    ['a command that is a number', JSON.stringify({ commands: [good, 1] }), 'Invalid JSON'],
    ['a command that is null', JSON.stringify({ commands: [good, null] }), 'Invalid JSON'],
    ['a command that is an array', JSON.stringify({ commands: [good, []] }), 'Invalid JSON'],
    ['51 commands', JSON.stringify({ commands: Array(51).fill(good) }), 'Too many commands'],
  ];
  for (const [name, body, message] of rows) {
    test(name, async () => {
      const headers = { authorization: `Token ${publicTokens[0]}`, 'content-type': 'application/json' };
      const answer = await send(server, `/track/v2/projects/${token}/batch`, { headers, body });
      assert.equal(answer.status, 400, answer.text);
      assert.deepEqual(answer.body, { success: false, message });
    });
  }

  test('none of them has left a trace', async () => {
    assert.equal(await isKnown({ registered: 'refused' }), false);
  });
});

describe('failures of a command', () => {
  const ids = { customer_ids: { registered: 'failing' } };
  const event = { ...ids, event_type: 'a' };
  const noIds = 'At least one id should be specified.';
  const noValidIds = 'At least one valid id should be specified';
  const rows: (readonly [name: 'customers' | 'customers/events', data: unknown, error: string])[] = [
    ...([undefined, null, {}, [], 'x', 5, true] as unknown[]).flatMap((customerIds) => [
      ['customers', { customer_ids: customerIds }, noIds] as const,
      ['customers/events', { customer_ids: customerIds, event_type: 'a' }, noIds] as const,
    ]),
    ...(
      [
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
      ] as unknown[]
    ).map((customerIds) => ['customers', { customer_ids: customerIds }, noValidIds] as const),
    ['customers/events', { customer_ids: { registered: 'null' }, event_type: 'a' }, noValidIds],
    ['customers/events', ids, "Field 'event_type' is required."],
    ['customers/events', { ...ids, event_type: '' }, "Field 'event_type' is required."],
    ['customers/events', { ...ids, event_type: null }, "Field 'event_type' is required."],
    ...([[], ['a'], 'x', 5, true, ''] as unknown[]).flatMap((properties) => [
      ['customers', { ...ids, properties }, 'properties must be an object'] as const,
      ['customers/events', { ...event, properties }, 'properties must be an object'] as const,
    ]),
    ...(['soon', '', 'NaN', 'Infinity', '2026-13-45', {}, [], true, -1, '-1', 1e11] as unknown[]).map(
      (timestamp) => ['customers/events', { ...event, timestamp }, 'Invalid timestamp'] as const,
    ),
    ['customers', { ...ids, update_timestamp: 'soon' }, 'Invalid timestamp'],
    ['customers', { ...ids, update_timestamp: -1 }, 'Invalid timestamp'],
    // The first problem only, in the order ids, event type, properties, timestamp.
    ['customers/events', { customer_ids: {}, properties: [], timestamp: 'x' }, noIds],
    ['customers/events', { ...ids, properties: [], timestamp: 'x' }, "Field 'event_type' is required."],
    ['customers/events', { ...event, properties: [], timestamp: 'x' }, 'properties must be an object'],
  ];
  for (const [name, command, error] of rows) {
    test(`${name} ${JSON.stringify(command)}: ${error}`, async () => {
      const alone = await post(`${track}/${name}`, command);
      assert.equal(alone.status, 400, alone.text);
      assert.deepEqual(alone.body, { success: false, errors: [error] });

      const neighbour = (step: number) => ({
        name: 'customers',
        data: { customer_ids: { registered: 'neighbour' }, properties: { step } },
      });
      const results = await batch([neighbour(1), { name, data: command, command_id: 'bad' }, neighbour(2)]);
      const failed = { success: false, errors: [error], command_id: 'bad' };
      assert.deepEqual(results, [{ success: true }, failed, { success: true }]);
    });
  }

  test('none of them has left a trace, their neighbours have', async () => {
    assert.equal(await isKnown({ registered: 'failing' }), false);
    assert.deepEqual((await exportOne(server, { registered: 'neighbour' })).properties, { step: 2 });
  });

  for (const name of ['customers', 'customers/events']) {
    for (const body of ['{"customer_ids":', '', '[]', 'null', '"x"']) {
      test(`${name} with the body ${JSON.stringify(body)} is no JSON object`, async () => {
        const headers = { authorization: `Token ${publicTokens[0]}` };
        const answer = await send(server, `/track/v2/projects/${token}/${name}`, { headers, body });
        assert.equal(answer.status, 400, answer.text);
        assert.deepEqual(answer.body, { success: false, errors: ['Invalid JSON'] });
      });
    }
  }
});

describe('credentials', () => {
  const time = (projectToken: string) => `/track/v2/projects/${projectToken}/system/time`;
  const good = `Token ${publicTokens[0]}`;
  const rows: [path: string, authorization: string | undefined, status: number, error?: string][] = [
    [time(token), good, 200],
    [time(token), `token ${publicTokens[0]}`, 200],
    [time(token), `TOKEN ${publicTokens[0]}`, 200],
    [time(token), basic(`${keyId}:${secret}`), 200],
    [time(token), basic(`${keyId}:${secret}`, 'basic'), 200],
    [time(token), basic(`${keyId}:${secret}`, 'bAsIc'), 200],
    [time(token), basic(`${keyId}:the secret before the last rotation`), 200],
    [time(token.toUpperCase()), good, 200],
    [`${time(token)}?access_token=${publicTokens[0]}`, undefined, 200],
    [time(otherToken), 'Token otherpublic', 200],
    [time(token), undefined, 401, 'access key not provided'],
    [time(token), '', 401, 'access key not provided'],
    [time(token), 'Token', 401, 'access key not provided'],
    [time(token), 'Basic', 401, 'access key not provided'],
    [time(token), publicTokens[0], 401, 'access key not provided'],
    [time(token), `Bearer ${publicTokens[0]}`, 401, 'access key not provided'],
    [time(token), basic('no colon in here'), 401, 'access key not provided'],
    [time(token), basic(`:${secret}`), 401, 'access key not provided'],
    [`${time(token)}?access_token=`, undefined, 401, 'access key not provided'],
    [time(token), 'Token unknown', 401, 'access key not found'],
    [time(token), `Token ${token}`, 401, 'access key not found'],
    [time(token), `Token ${keyId}`, 401, 'access key not found'],
    [time(token), `Token ${secret}`, 401, 'access key not found'],
    [time(token), `Token ${publicTokens[0].toUpperCase()}`, 401, 'access key not found'],
    [time(token), basic(`unknown:${secret}`), 401, 'access key not found'],
    [time(token), basic(`${publicTokens[0]}:x`), 401, 'access key not found'],
    [`${time(token)}?access_token=unknown`, undefined, 401, 'access key not found'],
    [time(token), basic(`${keyId}:wrong`), 403, 'invalid secret'],
    [time(token), basic(`${keyId}:`), 403, 'invalid secret'],
    [time(token), basic(`${keyId}:${secret}x`), 403, 'invalid secret'],
    [time(token), 'Token otherpublic', 401, 'access key not found'],
    [time(token), basic(`${otherKey.id}:${otherKey.secret}`), 401, 'access key not found'],
    [time(token), basic(`${keyId}:${otherKey.secret}`), 403, 'invalid secret'],
    [time(otherToken), good, 401, 'access key not found'],
    [time('123'), good, 400, 'Invalid project id'],
    [time(token.slice(0, -1)), good, 400, 'Invalid project id'],
    [time(token.replaceAll('-', '')), good, 400, 'Invalid project id'],
    [time(`${token}0`), good, 400, 'Invalid project id'],
    [time('g'.repeat(2000)), good, 400, 'Invalid project id'],
    [time('%E4'), good, 400, 'Invalid project id'],
    [time('00000000-0000-4000-8000-000000000000'), good, 400, 'Could not authenticate'],
    // The project is checked first.
    [time('123'), undefined, 400, 'Invalid project id'],
    [time('00000000-0000-4000-8000-000000000000'), 'Token unknown', 400, 'Could not authenticate'],
  ];
  for (const [path, authorization, status, error] of rows) {
    const name = `${status} ${error ?? ''}: ${path.slice(0, 120)} ${authorization ?? '-'}`;
    test(name, async () => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await send<Json>(server, path, { headers });
      assert.equal(answer.status, status, answer.text);
      if (error === undefined) assert.equal(answer.body['success'], true);
      else assert.deepEqual(answer.body, { success: false, error });
    });
  }

  test('come before the body', async () => {
    for (const route of ['batch', 'customers', 'customers/events']) {
      const headers = { authorization: 'Token unknown' };
      const answer = await send(server, `/track/v2/projects/${token}/${route}`, { headers, body: '{' });
      assert.equal(answer.status, 401);
      assert.deepEqual(answer.body, { success: false, error: 'access key not found' });
    }
  });

  for (const route of ['attributes', 'export-one']) {
    test(`a public token may not read: customers/${route}`, async () => {
      await batch([{ name: 'customers', data: { customer_ids: { registered: 'secretive' } } }]);
      const body = { customer_ids: { registered: 'secretive' }, attributes: [] };
      const answer = await bloomreach(server, `${data}/customers/${route}`, body, { auth: 'public' });
      assert.equal(answer.status, 403);
      assert.deepEqual(answer.body, { success: false, error: 'No permission' });
      assert.equal((await post(`${data}/customers/${route}`, body)).status, 200);
    });
  }
});

describe('routes', () => {
  test('system/time, by GET and POST', async () => {
    for (const body of [undefined, {}]) {
      const from = nowSec();
      const answer = await bloomreach(server, `${track}/system/time`, body, { auth: 'public' });
      assert.equal(answer.status, 200);
      const { time, ...rest } = answer.body;
      assert.deepEqual(rest, { success: true, errors: [] });
      assert.ok(typeof time === 'number' && from - 1 <= time && time <= nowSec() + 1, String(time));
    }
  });

  const paths = ['track/v2/projects/{token}/customers', 'track/v2/projects/{token}/batch'];
  for (const path of paths) {
    for (const prefix of ['//', '///']) {
      test(`${prefix}${path}: leading slashes collapse`, async () => {
        const registered = `slashes ${prefix}${path}`;
        const command = { customer_ids: { registered } };
        const body = path.endsWith('batch') ? { commands: [{ name: 'customers', data: command }] } : command;
        const answer = await post(`${prefix}${path}`, body);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(await isKnown({ registered }), true);
      });
    }
  }

  const notFound = { success: false, error: 'The requested URL was not found on the server' };
  for (const path of [
    '/',
    '/track',
    `${track}`,
    `${track}/nothing`,
    `${track}/batch/more`,
    `${data}/batch`,
  ]) {
    test(`${path} does not exist`, async () => {
      for (const body of [undefined, {}]) {
        const answer = await bloomreach(server, path, body);
        assert.equal(answer.status, 404);
        assert.deepEqual(answer.body, notFound);
      }
    });
  }

  const methods: [path: string, allowed: string][] = [
    [`${track}/batch`, 'POST'],
    [`${track}/customers`, 'POST'],
    [`${track}/customers/events`, 'POST'],
    [`${data}/customers/attributes`, 'POST'],
    [`${data}/customers/export-one`, 'POST'],
    [`${track}/system/time`, 'GET, POST'],
  ];
  for (const [path, allowed] of methods) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'].filter((it) => !allowed.includes(it))) {
      test(`${method} ${path} is not allowed`, async () => {
        const headers = { authorization: `Token ${publicTokens[0]}` };
        const answer = await send(server, path.replace('{token}', token), { method, headers });
        assert.equal(answer.status, 405);
        assert.deepEqual(answer.body, { success: false, error: 'Method not allowed' });
        assert.equal(answer.headers.get('allow'), allowed);
      });
    }
  }

  test('every answer has a fresh x-request-id and is JSON', async () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
    const answers = await Promise.all([
      bloomreach(server, `${track}/system/time`),
      bloomreach(server, `${track}/system/time`),
      post(`${track}/batch`, { commands: [{ name: 'system/time' }] }),
      post(`${track}/batch`, {}),
      post(`${track}/customers`, {}),
      post(`${data}/customers/export-one`, {}),
      bloomreach(server, `${track}/batch`),
      bloomreach(server, `${track}/nothing`),
      bloomreach(server, '/track/v2/projects/1/batch', {}),
      bloomreach(server, `${track}/batch`, {}, { auth: 'Token unknown' }),
    ]);
    const requestIds = answers.map(({ headers }) => headers.get('x-request-id') ?? '');
    for (const [index, requestId] of requestIds.entries()) {
      assert.match(requestId, uuid, `answer ${index}`);
      assert.match(answers[index]?.headers.get('content-type') ?? '', /^application\/json/);
    }
    assert.equal(new Set(requestIds).size, answers.length);
  });
});
