/** Connectors and older SDKs of the Bloomreach API: what each puts on the wire, and what it checks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, isNear, nowSec, send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { projectToken, privateKeys } = demoProject.bloomreach;
const authorization = `Basic ${Buffer.from(`${privateKeys[0].id}:${privateKeys[0].secret}`).toString('base64')}`;
const track = `/track/v2/projects/${projectToken}`;
const data = `/data/v2/projects/${projectToken}`;

async function post<Body = unknown>(path: string, body: unknown, headers: Record<string, string> = {}) {
  const request = {
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const answer = await send<Body>(server, path, request);
  return [answer.status, answer.body] as const;
}

const done = [200, { success: true, errors: [] }] as const;

interface Batch {
  success: boolean;
  results: { success: boolean; errors?: string[]; time?: number }[];
}

describe('a customer data pipeline', () => {
  const cookie = '97c46c81-3140-456d-b2a9-690d70aaca35';
  const address = { city: 'New York', country: 'USA', pinCode: '123456' };
  const properties = { email: 'test@shop.test', phone: '1234567890', address };

  test('reads the failures of a batch by place; the others are kept', async () => {
    const customer = {
      name: 'customers',
      data: { customer_ids: { cookie }, update_timestamp: 1709405952, properties },
    };
    const nobody = { name: 'customers', data: { customer_ids: {} } };
    const event = { customer_ids: { registered: 'pipe', cookie }, timestamp: 1709566376 };
    const viewed = { ...event, event_type: 'Product Viewed', properties: { ...properties, key1: 'v' } };
    const bare = { ...event, event_type: 'test_event' };
    const events = [viewed, bare].map((it) => ({ name: 'customers/events', data: it }));
    const commands = [customer, nobody, ...events];
    const [status, body] = await post<Batch>(`${track}/batch`, { commands });
    assert.deepEqual([status, body.success], [200, true]);
    const failure = { success: false, errors: ['At least one id should be specified.'] };
    assert.deepEqual(body.results, [{ success: true }, failure, { success: true }, { success: true }]);
    assert.deepEqual(await exportOne(server, { registered: 'pipe' }), {
      success: true,
      ids: { registered: 'pipe', cookie: [cookie] },
      properties,
      events: [
        { type: 'Product Viewed', timestamp: 1709566376, properties: viewed.properties },
        { type: 'test_event', timestamp: 1709566376, properties: {} },
      ],
    });
  });

  test('a catalog that declares types of fields takes a part of a bulk', async () => {
    const fields = [{ name: 'unprinted', type: 'string', searchable: true }];
    const made = await post<{ id: string }>(`${data}/catalogs`, {
      name: 'shop',
      is_product_catalog: true,
      fields,
    });
    const items = `${data}/catalogs/${made[1].id}/items`;
    const item = (id: string, name: string) => ({ item_id: id, properties: { [name]: '1' } });
    const bulk = await send(server, items, {
      method: 'PUT',
      headers: { authorization },
      body: JSON.stringify([item('good', 'unprinted'), item('faulty', 'unprinted1')]),
    });
    const errors = { properties: ['Fields [unprinted1] are not properly defined.'] };
    assert.deepEqual(bulk.body, [
      { success: true, queued: true },
      { success: false, queued: false, errors },
    ]);
  });
});

describe('a shop', () => {
  test('tests its keys with a consent of years ago, and reads the consent back', async () => {
    const customer_ids = { registered: 'api-test@test.test' };
    const properties = { action: 'reject', category: 'sms_marketing' };
    const consent = { customer_ids, event_type: 'consent', timestamp: 1620139769, properties };
    assert.deepEqual(await post(`${track}/customers/events`, consent), done);
    const accepted = { ...properties, action: 'accept', valid_until: 'unlimited', source: undefined };
    const later = { customer_ids, event_type: 'consent', timestamp: nowSec() - 60, properties: accepted };
    const commands = [{ name: 'customers/events', data: later }];
    assert.equal((await post<Batch>(`${track}/batch`, { commands }))[1].results[0]?.success, true);
    const attributes = [
      { type: 'consent', category: 'sms_marketing', mode: 'valid' },
      { type: 'id', id: 'registered' },
      { type: 'id', id: 'cookie' },
      { type: 'property', property: 'first_name' },
    ];
    const [, { results }] = await post<{ results: unknown }>(`${data}/customers/attributes`, {
      customer_ids,
      attributes,
    });
    const values = [true, customer_ids.registered, [], null];
    assert.deepEqual(
      results,
      values.map((value) => ({ success: true, value })),
    );
  });

  test('an HTTP client may call its JSON a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = { customer_ids: { registered: 'form' }, properties: { is_identity_verified: true } };
    assert.deepEqual(await post(`${track}/customers`, body, headers), done);
    const { properties } = await exportOne(server, { registered: 'form' });
    assert.deepEqual(properties, { is_identity_verified: true });
  });
});

describe('games', () => {
  interface Bulk {
    success: boolean;
    results: { success: boolean; status: string; errors?: string[] }[];
  }

  /** These clients show no key, and look for a `status` at the place of each command. */
  async function bulk(commands: readonly unknown[]): Promise<string[]> {
    const body = JSON.stringify({ commands });
    const headers = { 'content-type': 'application/json', 'user-agent': 'X-UnrealEngine-Agent' };
    const answer = await send<Bulk>(server, '/bulk', { headers, body });
    assert.deepEqual([answer.status, answer.body.success], [200, true]);
    return answer.body.results.map(({ status }) => status);
  }

  const project = { project_id: projectToken };

  test('Unreal sends a time of its own among the properties', async () => {
    const customer_ids = { registered: 'E1C3F8E14C6D4BD8' };
    const properties = { timestamp: 1795000000, level: 3, boss: true };
    const event = { ...project, type: 'session_start', customer_ids, properties };
    assert.deepEqual(await bulk([{ name: 'crm/events', data: event }]), ['ok']);
    const { events } = await exportOne(server, customer_ids);
    assert.deepEqual(
      events.map((it) => it.properties),
      [properties],
    );
    isNear(events[0]?.timestamp, nowSec());
  });

  test('C# and Python say when they queued a command; what is wrong with one stays with it', async () => {
    const ids = { cookie: 'a-cookie', registered: 'gamer' };
    const update = { ...project, ids, properties: { level: 1 } };
    const event = { ...project, customer_ids: ids, type: 'won', properties: {} };
    const local_timestamp = nowSec() - 90;
    const commands = [
      { name: 'crm/customers', data: update, scheduled: local_timestamp },
      { name: 'crm/events', data: { ...event, local_timestamp, age: 90 } },
      { name: 'crm/events', data: { ...event, customer_ids: {} }, scheduled: local_timestamp },
    ];
    assert.deepEqual(await bulk(commands), ['ok', 'ok', 'error']);
    const gamer = await exportOne(server, { registered: 'gamer' });
    assert.deepEqual(gamer.ids, { registered: 'gamer', cookie: ['a-cookie'] });
    assert.deepEqual(gamer.properties, { level: 1 });
    assert.equal(gamer.events.length, 1);
    isNear(gamer.events[0]?.timestamp, nowSec() - 90);
  });
});
