/** What limited keys of Bloomreach may do: the literal refusals, alone and inside a batch; the bootstrap file and the command line. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, send } from './wire.ts';

const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';
const noEvent = 'Not authorized to add event of specified type';
const noProperties = 'not authorized to update specified customer properties';

const basic = (id: string) => `Basic ${Buffer.from(`${id}:secret`).toString('base64')}` as const;
const app = 'Token app';
const nothing = 'Token nothing';
const reader = basic('reader');
const blind = basic('blind');
const exporter = basic('exporter');

const permissions = {
  app: { events: { set: ['purchase', 'session_start'] }, properties: { set: { except: ['vip'] } } },
  reader: {
    events: { get: ['purchase'] },
    properties: { get: { except: ['pin'] } },
    consents: true,
  },
  exporter: { events: { get: { except: ['secret'] } }, gdpr: ['exportCustomer'] },
};
const bootstrap = {
  projects: [
    {
      ...demoProject,
      bloomreach: {
        ...demoProject.bloomreach,
        publicTokens: [
          ...demoProject.bloomreach.publicTokens,
          { token: 'app', permissions: permissions.app },
          { token: 'nothing', permissions: {} },
          { token: 'shop-window', permissions: { recommendations: true } },
        ],
        privateKeys: [
          ...demoProject.bloomreach.privateKeys,
          { id: 'reader', secret: 'secret', permissions: permissions.reader },
          { id: 'blind', secret: 'secret', permissions: {} },
          { id: 'exporter', secret: 'secret', permissions: permissions.exporter },
        ],
      },
    },
  ],
};

let server: Server;
before(async () => {
  server = await startServer({ bootstrap });
  const customer_ids = { registered: 'ann' };
  const properties = { city: 'Brno', pin: 1234, vip: true };
  assert.equal((await bloomreach(server, `${track}/customers`, { customer_ids, properties })).status, 200);
  for (const [at, event_type] of ['purchase', 'secret', 'visit', 'purchase'].entries()) {
    const body = { customer_ids, event_type, timestamp: 1_700_000_000 + at };
    assert.equal((await bloomreach(server, `${track}/customers/events`, body)).status, 200);
  }
});
after(() => server[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
type Auth = `${string} ${string}`;
const post = (path: string, body: unknown, auth: Auth) => bloomreach(server, path, body, { auth });

describe('writes', () => {
  const ids = { customer_ids: { registered: 'written' } };
  const purchase = { ...ids, event_type: 'purchase' };
  const rows: [auth: Auth, name: string, data: Json, refusal?: string][] = [
    [app, 'customers/events', purchase],
    [app, 'customers/events', { ...ids, type: 'purchase' }],
    [app, 'customers/events', { ...ids, event_type: 'Purchase' }, noEvent],
    [app, 'customers/events', { ...ids, event_type: 'never seen' }, noEvent],
    [app, 'customers/events', { ...ids, type: 'never seen' }, noEvent],
    [nothing, 'customers/events', purchase, noEvent],
    [reader, 'customers/events', purchase, noEvent],
    [app, 'customers', { ...ids, properties: { city: 'Brno', 'never seen': 1 } }],
    [app, 'customers', { ...ids, properties: {} }],
    [app, 'customers', { ...ids, properties: { vip: true } }, noProperties],
    [app, 'customers', { ...ids, properties: { half: 1, vip: true } }, noProperties],
    [nothing, 'customers', { ...ids, properties: { city: 'Brno' } }, noProperties],
    [nothing, 'customers', { ...ids, properties: {} }, noProperties],
    [nothing, 'customers', ids, noProperties],
    [app, 'campaigns/clicks', { ...ids, url: 'https://shop.test/?xnpe_cmp=1' }, noEvent],
    // Permission comes before ids, properties and times, but a type that is missing cannot be forbidden.
    [app, 'customers/events', { customer_ids: {}, event_type: 'x', properties: [], timestamp: 'x' }, noEvent],
    [nothing, 'customers', { customer_ids: {}, properties: { a: 1 }, update_timestamp: 'x' }, noProperties],
    [app, 'campaigns/clicks', {}, noEvent],
    [nothing, 'customers/events', ids, "Field 'event_type' is required."],
    [nothing, 'customers/events', {}, 'At least one id should be specified.'],
  ];
  for (const [auth, name, command, refusal] of rows) {
    test(`${auth.slice(0, 13)}: ${name} ${JSON.stringify(command)}: ${refusal ?? 'done'}`, async () => {
      const alone = await post(`${track}/${name}`, command, auth);
      const isForbidden = refusal === noEvent || refusal === noProperties;
      assert.equal(alone.status, refusal === undefined ? 200 : isForbidden ? 403 : 400, alone.text);
      assert.deepEqual(
        alone.body,
        refusal === undefined ? { success: true, errors: [] } : { success: false, errors: [refusal] },
      );
      const commands = [
        { name: 'system/time' },
        { name, data: command, command_id: 'c' },
        { name: 'system/time' },
      ];
      const batch = await post(`${track}/batch`, { commands }, auth);
      assert.equal(batch.status, 200, batch.text);
      assert.equal(batch.body.success, true);
      assert.deepEqual(
        batch.body.results?.map(({ success }) => success),
        [true, refusal === undefined, true],
      );
      const result =
        refusal === undefined
          ? { success: true, command_id: 'c' }
          : { success: false, errors: [refusal], command_id: 'c' };
      assert.deepEqual(batch.body.results?.[1], result);
      // A client of the vendor takes this phrase for a failure of the whole, wherever it stands.
      assert.doesNotMatch(batch.text, /no permission/i);
    });
  }

  test('a command without data is refused for what it would need', async () => {
    const commands = ['customers', 'customers/events', 'no such'].map((name) => ({ name }));
    const { body } = await post(`${track}/batch`, { commands }, nothing);
    assert.deepEqual(
      body.results?.map(({ errors }) => errors?.[0]),
      [noProperties, 'At least one id should be specified.', 'Unknown command'],
    );
  });

  test('the older names obey the rights of the key of a batch; without a key there are none to obey', async () => {
    const project_id = demoProject.bloomreach.projectToken;
    const commands = [
      { name: 'crm/customers', data: { project_id, ids: { registered: 'older' }, properties: { a: 1 } } },
      { name: 'crm/events', data: { project_id, customer_ids: { registered: 'older' }, type: 'purchase' } },
    ];
    const keyed = await post(`${track}/batch`, { commands }, nothing);
    assert.deepEqual(
      keyed.body.results?.map(({ errors }) => errors?.[0]),
      [noProperties, noEvent],
    );
    const keyless = await send<typeof keyed.body>(server, '/bulk', { body: JSON.stringify({ commands }) });
    assert.deepEqual(
      keyless.body.results?.map(({ success }) => success),
      [true, true],
    );
  });

  test('an update with one forbidden name has written nothing of it', async () => {
    const { properties } = await exportOne(server, { registered: 'written' });
    assert.deepEqual(properties, { city: 'Brno', 'never seen': 1 });
  });
});

describe('reads', () => {
  const customer_ids = { registered: 'ann' };
  const refused = { success: false, error: 'No permission' };

  test('properties and consents, each for itself', async () => {
    const attributes = [
      { type: 'property', property: 'city' },
      { type: 'property', property: 'pin' },
      { type: 'property', property: 'never set' },
      { type: 'consent', category: 'newsletter' },
      { type: 'id', id: 'registered' },
    ];
    const answer = await post(`${data}/customers/attributes`, { customer_ids, attributes }, reader);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body.results, [
      { success: true, value: 'Brno' },
      refused,
      { success: true, value: null },
      { success: true, value: false },
      { success: true, value: 'ann' },
    ]);
    const other = await post(`${data}/customers/attributes`, { customer_ids, attributes }, blind);
    assert.deepEqual(other.body.results, [
      refused,
      refused,
      refused,
      refused,
      { success: true, value: 'ann' },
    ]);
  });

  test('a public token reads nothing; with the right to recommendations it may ask for those', async () => {
    const attributes = [
      { type: 'recommendation', id: 'x' },
      { type: 'property', property: 'city' },
    ];
    const ask = (auth: Auth) => post(`${data}/customers/attributes`, { customer_ids, attributes }, auth);
    const shown = await ask('Token shop-window');
    assert.deepEqual(shown.body.results, [{ success: false, error: 'Not Found' }, refused]);
    const hidden = await ask(app);
    assert.deepEqual([hidden.status, hidden.body], [403, refused]);
  });

  test('events, by type; without types all that may be read, in order, with limit and skip', async () => {
    const ask = async (body: Json, auth: Auth) => {
      const answer = await post(`${data}/customers/events`, { customer_ids, ...body }, auth);
      return answer.status === 200 ? answer.body.data?.map(({ type }) => type) : [answer.status, answer.body];
    };
    assert.deepEqual(await ask({}, reader), ['purchase', 'purchase']);
    assert.deepEqual(await ask({}, exporter), ['purchase', 'visit', 'purchase']);
    assert.deepEqual(await ask({ order: 'desc', skip: 1, limit: 1 }, exporter), ['visit']);
    assert.deepEqual(await ask({}, blind), []);
    assert.deepEqual(await ask({ event_types: ['purchase'] }, reader), ['purchase', 'purchase']);
    assert.deepEqual(await ask({ event_types: ['purchase', 'visit'] }, reader), [403, refused]);
    assert.deepEqual(await ask({ event_types: ['secret'] }, exporter), [403, refused]);
  });

  test('exporting and anonymizing are rights of their own', async () => {
    const exported = await post(`${data}/customers/export-one`, { customer_ids }, reader);
    const refusal = { success: false, error: 'No permission to export customer' };
    assert.deepEqual([exported.status, exported.body], [403, refusal]);
    assert.equal((await post(`${data}/customers/export-one`, { customer_ids }, exporter)).status, 200);
    const all = await post(`${data}/customers/export`, { format: 'table_json' }, exporter);
    assert.deepEqual([all.status, all.body], [403, refusal]);
    for (const [path, body] of [
      ['anonymize', { customer_ids }],
      ['anonymize_bulk', { customers: [{ customer_ids }] }],
    ] as const) {
      const answer = await post(`${data}/customers/${path}`, body, exporter);
      assert.deepEqual([answer.status, answer.body], [403, refused]);
    }
  });

  test('time and consent categories need no right', async () => {
    for (const auth of [nothing, blind] as const) {
      assert.equal((await post(`${track}/system/time`, {}, auth)).status, 200);
      assert.equal((await post(`${data}/consent/categories`, {}, auth)).status, 200);
    }
  });
});

describe('the command line', () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await rapport([...args, '--data', server.dataFolder, '--json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { key: { id: string; value: string }; permissions: Json };
  };
  const purchase = { customer_ids: { registered: 'cli' }, event_type: 'purchase' };

  test('makes a key with rights and no others, shows and changes them, from the next request on', async () => {
    const right = 'events:set:purchase';
    const { key } = await run(
      'keys',
      'create',
      'Demo',
      'public',
      '--allow',
      right,
      '--allow',
      'events:set:b',
    );
    const add = async () => (await post(`${track}/customers/events`, purchase, `Token ${key.value}`)).status;
    assert.equal(await add(), 200);
    const change = ['keys', 'permissions', 'Demo', key.id];
    assert.deepEqual((await run(...change)).permissions, { events: { set: ['purchase', 'b'] } });
    await run(...change, '--deny', right);
    assert.equal(await add(), 403);
    await run(...change, '--allow', 'events:set:*');
    assert.equal(await add(), 200);
    await run(...change, '--deny', right);
    assert.equal(await add(), 403);
    const { stdout } = await rapport([...change, '--data', server.dataFolder]);
    assert.match(stdout, /^events set +all but purchase$/m);
  });

  test('a key made without rights has those of its class', async () => {
    const { key } = await run('keys', 'create', 'Demo', 'public');
    const answer = await post(`${track}/customers/events`, purchase, `Token ${key.value}`);
    assert.equal(answer.status, 200);
  });

  const failures: [args: string[], code: number, line: RegExp][] = [
    [['keys', 'permissions', 'Demo', '00'], 4, /has no key '00'/],
    [['keys', 'rotate', 'Demo', '00'], 4, /has no key '00'/],
    [['keys', 'create', 'Demo', 'production', '--allow', 'consents'], 1, /have no permissions/],
    [['keys', 'create', 'Demo', 'public', '--allow', 'everything'], 2, /'everything' is no right/],
    [['consents', 'remove', 'Demo', 'none'], 4, /no consent category 'none'/],
    [['projects', 'settings', 'None'], 4, /There is no project 'None'/],
  ];
  for (const [args, code, line] of failures) {
    test(`${args.join(' ')}: ${code}`, async () => {
      const result = await rapport([...args, '--data', server.dataFolder]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, line);
    });
  }
});
