/** The Bloomreach dialect as its clients see it: routes, credentials, batches; failures of reads, and the switch for status 200. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rapport } from '../support/admin.ts';
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
    bloomreach: {
      ...demoProject.bloomreach,
      privateKeys: [...privateKeys, rotated, { id: 'blind', secret: 's', permissions: {} }],
    },
  };
  const other = {
    name: 'Other',
    bloomreach: { projectToken: otherToken, publicTokens: ['otherpublic'], privateKeys: [otherKey] },
  };
  server = await startServer({ bootstrap: { projects: [demo, other] } });
});
after(() => server[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
const errors = (it: string): Json => ({ success: false, errors: [it] });
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

function basic(pair: string, scheme = 'Basic') {
  return `${scheme} ${Buffer.from(pair).toString('base64')}` as const;
}
const full = basic(`${keyId}:${secret}`);
/** A key without any right. */
const blind = basic('blind:s');

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

describe('credentials', () => {
  const time = (projectToken: string) => `/track/v2/projects/${projectToken}/system/time`;
  const good = `Token ${publicTokens[0]}`;
  const rows: [path: string, authorization: string | undefined][] = [
    [time(token), good],
    [time(token), `token ${publicTokens[0]}`],
    [time(token), `TOKEN ${publicTokens[0]}`],
    [time(token), basic(`${keyId}:${secret}`)],
    [time(token), basic(`${keyId}:${secret}`, 'basic')],
    [time(token), basic(`${keyId}:${secret}`, 'bAsIc')],
    [time(token), basic(`${keyId}:the secret before the last rotation`)],
    [time(token.toUpperCase()), good],
    [`${time(token)}?access_token=${publicTokens[0]}`, undefined],
    [time(otherToken), 'Token otherpublic'],
  ];
  for (const [path, authorization] of rows) {
    test(`${path.slice(0, 120)} ${authorization ?? '-'}`, async () => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await send<Json>(server, path, { headers });
      assert.deepEqual([answer.status, answer.body['success']], [200, true], answer.text);
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

describe('reads (contract 4)', () => {
  const nobody = '{"customer_ids":{"registered":"nobody"},"attributes":[]}';
  const segmentation =
    '{"format":"csv","filter":{"type":"segmentation","segmentation_id":"s1","segment_index":0}}';
  const single = ['attributes', 'events', 'export-one', 'anonymize'];
  const rows: [
    cause: string,
    status: number,
    answer: string,
    routes: string[],
    body: string,
    key?: string,
  ][] = [
    [
      'no ids',
      400,
      '{"success":false,"errors":{"customer_ids":["Must specify at least one customer ID"]}}',
      single,
      '{"customer_ids":{},"attributes":[]}',
    ],
    [
      'unknown customer',
      404,
      '{"success":false,"errors":{"_global":["Customer does not exist"]}}',
      single,
      nobody,
    ],
    [
      'definition missing',
      404,
      '{"success":false,"errors":{"_global":["Segmentation with id s1 does not exist"]}}',
      ['export'],
      segmentation,
    ],
    [
      'export not allowed',
      403,
      '{"success":false,"error":"No permission to export customer"}',
      ['export', 'export-one'],
      '{',
      blind,
    ],
  ];
  for (const [cause, status, answer, routes, body, key = full] of rows) {
    test(`${cause}: ${status}`, async () => {
      for (const route of routes) {
        const path = `/data/v2/projects/${token}/customers/${route}`;
        const given = await send(server, path, { headers: { authorization: key }, body });
        assert.deepEqual([given.status, given.text], [status, answer], route);
      }
    });
  }

  test('a type that is none is refused with its place; those with a definition are not found', async () => {
    const customer_ids = { registered: 'asked' };
    await bloomreach(server, `${track}/customers`, { customer_ids, properties: { a: 1 } });
    const ask = (attributes: unknown) =>
      bloomreach(server, `${data}/customers/attributes`, { customer_ids, attributes });
    const good = { type: 'property', property: 'a' };
    const bad = [{ type: 'banana' }, { type: 5 }, { property: 'a' }, 'property', null, []];
    for (const it of bad) {
      const answer = await ask([good, it]);
      assert.equal(answer.status, 400);
      const problem = [`Could not parse ${JSON.stringify(it)}. Invalid type.`];
      assert.deepEqual(answer.body, { success: false, errors: { attributes: { 1: problem } } });
    }
    const types = ['segmentation', 'expression', 'aggregate', 'prediction', 'recommendation'];
    const answer = await ask([...types.map((type) => ({ type, id: 'x' })), good]);
    assert.deepEqual(answer.body.results, [
      ...types.map(() => ({ success: false, error: 'Not Found' })),
      { success: true, value: 1 },
    ]);
  });
});

describe('a project that wants failures of single calls with status 200', () => {
  const turn = async (value: 'on' | 'off') => {
    const args = ['projects', 'settings', 'Demo', '--legacy-single-errors-200', value];
    const { code, stdout } = await rapport([...args, '--data', server.dataFolder]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^legacy single errors 200 +${value}$`, 'm'));
  };
  after(() => turn('off'));

  test('has the same bodies, from the next request on, and nothing else changes', async () => {
    const wrong = { customer_ids: {}, event_type: 'a' };
    const unnamed = errors('At least one id should be specified.');
    const forbidden = errors('Not authorized to add event of specified type');
    const calls = async () => {
      const answers = [
        await bloomreach(server, `${track}/customers/events`, wrong),
        await bloomreach(server, `${track}/customers/events`, wrong, { auth: blind }),
        await send<Json>(server, `/track/v2/projects/${token}/customers`, {
          headers: { authorization: full },
          body: '{',
        }),
        await bloomreach(server, `/webxp/projects/${token}/cookies/-/link-ids`, {}),
        await bloomreach(server, `${data}/customers/export-one`, { customer_ids: {} }),
      ];
      return answers.map(({ status, body }) => [status, body]);
    };
    const rest = [[400, errors('Invalid JSON')]] as const;
    const none = { success: false, errors: { customer_ids: ['Must specify at least one customer ID'] } };
    assert.deepEqual(await calls(), [[400, unnamed], [403, forbidden], ...rest, [400, unnamed], [400, none]]);
    await turn('on');
    assert.deepEqual(await calls(), [[200, unnamed], [200, forbidden], ...rest, [200, unnamed], [400, none]]);
  });
});
