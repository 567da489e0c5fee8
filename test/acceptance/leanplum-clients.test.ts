/** Public REST clients of the Leanplum API that are no SDK: what each puts on the wire, and what it checks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import type { LeanplumBody } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportUser, nowSec, send, type WireRequest } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
const json = { 'content-type': 'application/json' };

function query(action: string, clientKey: string, more: Record<string, string> = {}): string {
  return new URLSearchParams({ action, appId, clientKey, apiVersion: '1.0.6', ...more }).toString();
}

async function call(path: string, request?: WireRequest) {
  const { status, body } = await send<LeanplumBody>(server, path, request);
  return { status, response: body.response };
}

const done = [{ success: true }];
const offline = { success: true, isOffline: true };

describe('the Ruby gem', () => {
  /** As its `multi`, which fails unless there is one success for each action. */
  async function multi(data: readonly Record<string, unknown>[], clientKey: string = keys.production) {
    const more = { devMode: 'false', time: String(Math.floor(nowSec())) };
    const request = { headers: json, body: JSON.stringify({ data }) };
    const { status, response } = await call(`/api?${query('multi', clientKey, more)}`, request);
    assert.deepEqual(
      [status, response.map(({ success }) => success)],
      [200, data.map(() => true)],
      JSON.stringify(response),
    );
    return response;
  }

  const ann = { first_name: 'Ann', email: 'ann@shop.test', create_date: '2010-01-01', is_tipping: true };

  test('sets attributes of a user whose id is a number, with his devices and events', async () => {
    const userId = 123456;
    const device = { deviceId: 'fu123', appVersion: 'x42x', deviceModel: 'p0d', create_date: '2018-01-01' };
    const since = Math.floor(nowSec()) - 86_400;
    const events = { eventName1: { count: 1, firstTime: since, lastTime: since + 60 } };
    const change = { userId, action: 'setUserAttributes', devices: [device], events, userAttributes: ann };
    assert.deepEqual(await multi([change]), done);
    const shown = await exportUser(server, { userId });
    assert.deepEqual(shown.userAttributes, { ...ann, is_tipping: 'True' });
    assert.deepEqual(shown.events, events);
    assert.deepEqual(shown.devices, [{ deviceId: 'fu123', appVersion: 'x42x', deviceModel: 'p0d' }]);
  });

  test('tracks with attributes, times as text, outside of sessions', async () => {
    const time = String(Math.floor(nowSec()) - 600);
    const answers = await multi([
      { userId: 54321, action: 'setUserAttributes', userAttributes: ann },
      {
        action: 'track',
        event: 'purchase',
        userId: 54321,
        time,
        params: { some_timestamp: '2015-05-01 01:02:03' },
      },
      { action: 'track', event: 'purchase_page_view', userId: 54322, time, allowOffline: true },
    ]);
    assert.deepEqual(answers, [...done, offline, offline]);
    assert.deepEqual(await countsOf(server, 54321), { purchase: 1 });
    assert.equal((await exportUser(server, { userId: 54322 })).lastActive, null);
  });

  test('sets attributes of a device, in an object of their own', async () => {
    const deviceAttributes = { appVersion: 'x43x', deviceModel: 'p0d', create_date: '2018-01-01' };
    const change = { deviceId: 'fu124', action: 'setDeviceAttributes', deviceAttributes };
    assert.deepEqual(await multi([change]), done);
    const { devices } = await exportUser(server, { deviceId: 'fu124' });
    assert.deepEqual(devices, [{ deviceId: 'fu124', appVersion: 'x43x', deviceModel: 'p0d' }]);
  });

  test('takes a mark of anomalies away with a development key', async () => {
    await multi([{ userId: 'odd', action: 'setUserAttributes', userAttributes: {} }]);
    const reset = [{ action: 'setUserAttributes', resetAnomalies: true, userId: 'odd' }];
    assert.deepEqual(await multi(reset, keys.development), done);
  });

  test('sends messages to somebody unknown: a warning', async () => {
    const message = {
      action: 'sendMessage',
      messageId: '5389574245449728',
      userId: 'nobody',
      deviceId: null,
      createDisposition: 'CreateNever',
      force: false,
      values: '{}',
      devMode: false,
    };
    const warning = { message: 'User not found; request skipped.' };
    assert.deepEqual(await multi([message]), [{ success: true, warning }]);
  });

  test('deletes a user, and does not find him then', async () => {
    const ids = { userId: 'delete_yourself_123', devMode: 'false' };
    await multi([{ userId: ids.userId, action: 'setUserAttributes', userAttributes: ann }]);
    assert.deepEqual(await call(`/api?${query('deleteUser', keys.development, ids)}`), {
      status: 200,
      response: done,
    });
    const warning = { message: 'User not found; request skipped.' };
    assert.deepEqual(await call(`/api?${query('exportUser', keys.dataExport, ids)}`), {
      status: 200,
      response: [{ success: true, warning }],
    });
  });
});

describe('PHP clients', () => {
  /** Their bodies have no content type of their own; all parameters nobody set are null, maps nobody filled lists. */
  async function post(message: Record<string, unknown>) {
    const path = `/api?${new URLSearchParams({ appId, clientKey: keys.production, apiVersion: '1.0.6' })}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    return await call(path, { headers, body: JSON.stringify(message) });
  }

  const unset = { deviceId: null, devMode: null, currencyCode: null, info: null, messageId: null };

  test('track without parameters: an empty map is written as a list', async () => {
    const event = { action: 'track', userId: 'php', event: 'Purchase', value: 9.5, params: [] };
    assert.deepEqual(await post({ ...unset, ...event, allowOffline: null }), {
      status: 200,
      response: [offline],
    });
    const { events } = await exportUser(server, { userId: 'php' });
    assert.equal(events?.['Purchase']?.value, 9.5);
  });

  test('start and set attributes that are none', async () => {
    const { status, response } = await post({ action: 'start', userId: 'php start', userAttributes: [] });
    assert.deepEqual([status, response[0]?.success], [200, true]);
    const change = { action: 'setUserAttributes', userId: 'php start', userAttributes: { a: 1 }, events: [] };
    assert.deepEqual(await post({ ...change, states: [], userAttributeValuesToAdd: '[]' }), {
      status: 200,
      response: done,
    });
    assert.deepEqual((await exportUser(server, { userId: 'php start' })).userAttributes, { a: 1 });
  });

  test('a list that is not empty is no map', async () => {
    const event = { action: 'track', userId: 'php list', event: 'x', params: ['a'] };
    const error = { message: "'params' is invalid." };
    assert.deepEqual(await post(event), { status: 400, response: [{ success: false, error }] });
    assert.deepEqual(await countsOf(server, 'php list'), {});
  });
});

describe('black-box tests of the API', () => {
  const userId = 'testUser-1';
  const common = { appId, apiVersion: '1.0.6', userId };

  async function change(params: Record<string, unknown>): Promise<void> {
    const body = {
      ...common,
      clientKey: keys.production,
      createDisposition: 'CreateIfNeeded',
      ...params,
    };
    const request = { headers: { ...json, accept: 'application/json' }, body: JSON.stringify(body) };
    assert.deepEqual(await call('/api?action=setUserAttributes', request), { status: 200, response: done });
  }

  /** Every attribute as it was given, and no other. */
  async function expect(userAttributes: Record<string, unknown>): Promise<void> {
    assert.deepEqual((await exportUser(server, { userId })).userAttributes, userAttributes);
  }

  test('change, add, remove, delete', async () => {
    await change({ userAttributes: { gender: 'M', age: '27', interests: ['Hiking', 'Chess'] } });
    await change({ userAttributes: { gender: 'F', age: '35' } });
    await expect({ gender: 'F', age: '35', interests: ['Hiking', 'Chess'] });
    await change({ userAttributeValuesToAdd: { interests: 'Books' } });
    await expect({ gender: 'F', age: '35', interests: ['Hiking', 'Chess', 'Books'] });
    await change({ userAttributeValuesToRemove: { interests: 'Chess' } });
    await expect({ gender: 'F', age: '35', interests: ['Hiking', 'Books'] });
    const body = JSON.stringify({ ...common, clientKey: keys.development });
    assert.deepEqual(await call('/api?action=deleteUser', { headers: json, body }), {
      status: 200,
      response: done,
    });
  });
});

describe('a customer data pipeline', () => {
  const device = { deviceId: 'pipe device', locale: 'en-US', timezone: 'Asia/Kolkata' };

  async function deliver(action: string, params: Record<string, unknown>): Promise<void> {
    const body = JSON.stringify({ apiVersion: '1.0.6', appId, clientKey: keys.production, ...params });
    const { status, response } = await call(`/api?action=${action}`, { headers: json, body });
    assert.deepEqual([status, response[0]?.success], [200, true], JSON.stringify(response));
    assert.equal(response[0]?.warning, undefined);
  }

  test('starts a session before every event, then identifies: one session, and a switch of users', async () => {
    const anonymous = '5094f5704b9cf2b3';
    const time = Math.floor(nowSec()) - 3600;
    const traits = { address: { city: 'Kolkata', country: 'India' } };
    await deliver('start', { userId: anonymous, ...device, systemName: 'Android', time });
    await deliver('advance', {
      userId: anonymous,
      deviceId: device.deviceId,
      state: 'MainActivity',
      time,
    });
    await deliver('start', { userId: anonymous, ...device, userAttributes: traits, time: time + 5 });
    const params = { products: [{ id: 1 }], coupon: null, total: 12.5 };
    await deliver('track', {
      userId: anonymous,
      deviceId: device.deviceId,
      event: 'Order Completed',
      value: 12.5,
      params,
      time: time + 6,
    });
    await deliver('setUserAttributes', {
      userId: anonymous,
      newUserId: 'pipe user',
      deviceId: device.deviceId,
      userAttributes: { email: 'a@b.test' },
      created: time - 1000,
      time: time + 7,
    });
    const before = await exportUser(server, { userId: anonymous });
    assert.deepEqual([before.totalSessions, before.timeSpentInApp], [1, 7]);
    assert.deepEqual(before.userAttributes, traits);
    assert.equal(before.events?.['Order Completed']?.value, 12.5);
    assert.equal(before.states?.['MainActivity']?.count, 1);
    const identified = await exportUser(server, { userId: 'pipe user' });
    assert.equal(identified.created, time - 1000);
    assert.deepEqual(identified.userAttributes, { email: 'a@b.test' });
  });
});

test('a page reads the opt-outs of its user, and changes them by GET', async () => {
  const ids = { userId: '0xA1' };
  const headers = { accept: 'application/json', origin: 'https://app.test' };
  const path = (action: string, key: string, more = {}) => `/api?${query(action, key, { ...ids, ...more })}`;
  const created = path('setUserAttributes', keys.production, { userAttributes: '{"community1":"True"}' });
  assert.deepEqual(await call(created, { headers }), { status: 200, response: done });
  const out = path('setUserAttributes', keys.production, { unsubscribeCategoriesToAdd: '1' });
  assert.deepEqual(await call(out, { headers }), { status: 200, response: done });
  const answer = await send<LeanplumBody>(server, path('exportUser', keys.dataExport), { headers });
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  const [shown] = answer.body.response as { userAttributes?: unknown; unsubscribeCategories?: unknown }[];
  assert.deepEqual(shown?.userAttributes, { community1: 'True' });
  assert.deepEqual(shown?.unsubscribeCategories, [{ id: 1 }]);
});

test('a Go client sends everything in the address', async () => {
  const userId = 'go';
  const path = `/api?${query('setUserAttributes', keys.production, { userId })}`;
  const add = encodeURIComponent('{"tags":["x","y"]}');
  const increment = encodeURIComponent('{"visits":"3"}');
  const more = `&userAttributeValuesToAdd=${add}&userAttributeValuesToIncrement=${increment}`;
  assert.deepEqual(await call(path + more), { status: 200, response: done });
  assert.deepEqual((await exportUser(server, { userId })).userAttributes, { tags: ['x', 'y'], visits: 3 });
});
