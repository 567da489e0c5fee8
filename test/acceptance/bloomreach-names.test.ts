/** How many names of properties the customers of a project may have (contract 2.7): an update with one more is dropped. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { assertRefusesStart } from '../support/refused-start.ts';
import { bloomreach, leanplum, type Target } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { exportOne, exportUser, send } from './wire.ts';

type Properties = Record<string, unknown>;

const track = '/track/v2/projects/{token}';
const done = '{"success":true,"errors":[]}';
const environment = { RAPPORT_PROPERTY_NAMES: '3' };
const dataFolder = newScratchFolder();
after(() => removeScratchFolder(dataFolder));

const update = (registered: string, properties: Properties, more: Properties = {}) => ({
  customer_ids: { registered, ...more },
  properties,
});

async function set(server: Target, registered: string, properties: Properties): Promise<void> {
  const { status, text } = await bloomreach(server, `${track}/customers`, update(registered, properties));
  assert.deepEqual([status, text], [200, done]);
}

async function propertiesOf(server: Target, registered: string): Promise<unknown> {
  return (await exportOne(server, { registered })).properties;
}

async function isKnown(server: Target, customer_ids: Properties): Promise<boolean> {
  const path = '/data/v2/projects/{token}/customers/export-one';
  return (await bloomreach(server, path, { customer_ids })).status === 200;
}

async function skippedItems(server: Target): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^rapport_skipped_total (\d+)$/m.exec(text)?.[1]);
}

describe('a project with as many names of properties as it may have', () => {
  let server: Server;
  const start = async () => {
    server = await startServer({ dataFolder, environment });
  };
  after(() => server[Symbol.asyncDispose]());

  test('an update with another one is answered as done and leaves nothing, also of what stands beside it', async () => {
    await start();
    await set(server, 'ann', { a: 1, b: 2 });
    await set(server, 'bob', { c: 3 });
    const { status, text } = await bloomreach(
      server,
      `${track}/customers`,
      update('ann', { a: 9, d: 4 }, { cookie: 'ck-dropped' }),
    );
    assert.deepEqual([status, text], [200, done]);
    assert.deepEqual(await propertiesOf(server, 'ann'), { a: 1, b: 2 });
    await set(server, 'nobody', { d: 4 });
    assert.deepEqual(
      [await isKnown(server, { registered: 'nobody' }), await isKnown(server, { cookie: 'ck-dropped' })],
      [false, false],
    );
  });

  test('known names go on, for everybody; taking away needs no name', async () => {
    await set(server, 'ann', { a: 5, c: 6 });
    await set(server, 'bob', { c: null, d: null });
    await set(server, 'cyd', {});
    assert.deepEqual(await propertiesOf(server, 'ann'), { a: 5, b: 2, c: 6 });
    assert.deepEqual(await propertiesOf(server, 'bob'), {});
    assert.deepEqual(await propertiesOf(server, 'cyd'), {});
  });

  test('in a batch the commands beside it are carried out; properties of events have no limit', async () => {
    const customer_ids = { registered: 'dan' };
    const commands = [
      { name: 'customers', command_id: '1', data: update('dan', { a: 1 }) },
      { name: 'customers', command_id: '2', data: update('dan', { b: 1, d: 1 }) },
      { name: 'customers/events', data: { customer_ids, event_type: 'e', properties: { d: 1, f: 2 } } },
      { name: 'crm/customers', data: { ids: customer_ids, properties: { e: 1 } } },
    ];
    const { body } = await bloomreach(server, `${track}/batch`, { commands });
    assert.deepEqual(body.results, [
      { success: true, command_id: '1' },
      { success: true, command_id: '2' },
      { success: true },
      { success: true },
    ]);
    const { properties, events } = await exportOne(server, customer_ids);
    assert.deepEqual(properties, { a: 1 });
    assert.deepEqual(
      events.map(({ type, properties: own }) => [type, own]),
      [['e', { d: 1, f: 2 }]],
    );
  });

  test('the routes of older clients and of streams obey it too', async () => {
    const project_id = demoProject.bloomreach.projectToken;
    const commands = [
      { name: 'crm/customers', data: { project_id, ids: { registered: 'eve' }, properties: { g: 1 } } },
    ];
    const bulk = await send<{ results: unknown[] }>(server, '/bulk', { body: JSON.stringify({ commands }) });
    assert.deepEqual(bulk.body.results, [{ success: true, status: 'ok' }]);
    const path = '/track/u/v1/customers?stream_id={token}';
    assert.equal((await bloomreach(server, path, update('eve', { g: 1 }), { auth: 'public' })).text, done);
    assert.equal(await isKnown(server, { registered: 'eve' }), false);
  });

  test('the operator is told: once in the log, without what clients sent, and by a counter', async () => {
    assert.equal(await skippedItems(server), 6);
    const lines = server.stderr().split('\n').filter(Boolean);
    assert.equal(lines.length, 1, server.stderr());
    const { level, project, items, msg } = JSON.parse(lines[0] ?? '');
    assert.deepEqual([level, project, items], [40, 'Demo', 1]);
    assert.match(msg, /RAPPORT_PROPERTY_NAMES/);
  });

  test('a name that one API has brought in the other may use, and neither counts it', async () => {
    const attributes = { plan: 'pro', age: 5, b: 7 };
    const { body } = await leanplum(server, {
      action: 'setUserAttributes',
      userId: 'ann',
      userAttributes: attributes,
    });
    assert.deepEqual(body.response[0], { success: true });
    await set(server, 'ann', { age: 6, a: 8, d: 9 });
    assert.deepEqual(await propertiesOf(server, 'ann'), { a: 5, b: 7, c: 6, plan: 'pro', age: 5 });
    await set(server, 'ann', { age: 6, a: 8 });
    assert.deepEqual((await exportUser(server, { userId: 'ann' })).userAttributes, {
      a: 8,
      b: 7,
      c: 6,
      plan: 'pro',
      age: 6,
    });
  });

  test('the names are known after a crash', async () => {
    await server.kill();
    await start();
    await set(server, 'ann', { d: 1 });
    await set(server, 'ann', { a: 10, plan: 'max' });
    assert.deepEqual(await propertiesOf(server, 'ann'), { a: 10, b: 7, c: 6, plan: 'max', age: 6 });
  });
});

describe('the limit', () => {
  const many = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`n${from + index}`, 1]));

  test('is 255', async () => {
    await using server = await startServer();
    await set(server, 'gil', many(0, 255));
    await set(server, 'gil', many(255, 256));
    assert.deepEqual(await propertiesOf(server, 'gil'), many(0, 255));
  });

  test('is none with 0', async () => {
    await using server = await startServer({ environment: { RAPPORT_PROPERTY_NAMES: '0' } });
    await set(server, 'gil', many(0, 300));
    assert.deepEqual(await propertiesOf(server, 'gil'), many(0, 300));
  });

  test('counts names from their first use under it; values that are there stay', async () => {
    const own = newScratchFolder();
    try {
      {
        await using before = await startServer({
          dataFolder: own,
          environment: { RAPPORT_PROPERTY_NAMES: '0' },
        });
        await set(before, 'gil', many(0, 5));
      }
      await using server = await startServer({ dataFolder: own, environment });
      await set(server, 'gil', { n0: 2, n1: 2 });
      await set(server, 'gil', { n2: 2 });
      await set(server, 'gil', { n3: 2 });
      assert.deepEqual(await propertiesOf(server, 'gil'), { n0: 2, n1: 2, n2: 2, n3: 1, n4: 1 });
    } finally {
      removeScratchFolder(own);
    }
  });

  const message = "RAPPORT_PROPERTY_NAMES must be a number from 0 to 10000, not '10001'";
  test(message, () => assertRefusesStart({ RAPPORT_PROPERTY_NAMES: '10001' }, message));
});
