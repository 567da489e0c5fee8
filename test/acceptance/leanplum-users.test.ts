/** What `setUserAttributes` and its neighbours change of a user beside plain attributes, read back by `exportUser`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportUser, nowSec, onlyElement } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

type Params = Record<string, unknown>;
let users = 0;

/** Calls for a user of his own; everything he is afterwards. */
function newUser(ids: Params = { userId: `user-${users++}` }) {
  const call = async (action: string, params: Params = {}) => {
    const answer = await leanplum(server, { action, ...ids, ...params });
    assert.equal(answer.status, 200, answer.text);
    return onlyElement(answer);
  };
  const set = (params: Params) => call('setUserAttributes', params);
  return {
    call,
    set,
    shown: () => exportUser(server, ids) as Promise<unknown> as Promise<Params & { userAttributes: Params }>,
  };
}

describe('sets', () => {
  const cases: [name: string, before: unknown, change: Params, after: unknown][] = [
    ['add a value', ['Hiking', 'Chess'], { Add: 'Books' }, ['Hiking', 'Chess', 'Books']],
    ['add a list, nothing is doubled', ['a'], { Add: ['b', 'a', 'b', 1] }, ['a', 'b', 1]],
    ['add to what is not set', undefined, { Add: 'a' }, ['a']],
    ['add to a single value', 'a', { Add: ['b'] }, ['a', 'b']],
    ['remove a value', ['a', 'b', 'c'], { Remove: 'b' }, ['a', 'c']],
    ['remove a list', ['a', 'b', 'c'], { Remove: ['c', 'a', 'x'] }, ['b']],
    ['remove the last', ['a'], { Remove: 'a' }, []],
    ['remove from what is not set', undefined, { Remove: 'a' }, undefined],
    ['text and number are two values', ['1'], { Add: 1 }, ['1', 1]],
    ['first added, then removed', ['a'], { Add: 'b', Remove: ['b', 'a'] }, []],
  ];
  for (const [name, start, change, expected] of cases) {
    test(name, async () => {
      const { set, shown } = newUser();
      await set({ userAttributes: start === undefined ? {} : { set: start } });
      const changes = Object.entries(change).map(([op, value]) => [
        `userAttributeValuesTo${op}`,
        { set: value },
      ]);
      assert.deepEqual(await set(Object.fromEntries(changes)), { success: true });
      assert.deepEqual((await shown()).userAttributes['set'], expected);
    });
  }

  test('what is set in the same call is there before; text of an object is an object', async () => {
    const { set, shown } = newUser();
    await set({ userAttributes: { s: ['a'], n: 1 }, userAttributeValuesToAdd: '{"s":"b"}' });
    assert.deepEqual((await shown()).userAttributes, { s: ['a', 'b'], n: 1 });
  });
});

describe('increments', () => {
  const cases: [start: unknown, by: unknown, after: unknown, skipped: boolean][] = [
    [5, 3, 8, false],
    [5, -7, -2, false],
    [undefined, 2, 2, false],
    [5, '3', 8, false],
    [5, 0.5, 5, true],
    [0.5, 1, 0.5, true],
    ['5', 1, '5', true],
    [true, 1, 'True', true],
    [5, 'many', 5, true],
    [5, '0.5', 5, true],
    [5, ' ', 5, true],
    [5, true, 5, true],
    [5, {}, 5, true],
    [5, [1], 5, true],
    [undefined, 'many', undefined, true],
  ];
  for (const [start, by, expected, skipped] of cases) {
    test(`${JSON.stringify(start)} by ${JSON.stringify(by)}`, async () => {
      const { set, shown } = newUser();
      if (start !== undefined) await set({ userAttributes: { n: start } });
      const element = await set({ userAttributeValuesToIncrement: { n: by } });
      const warning = { message: 'Increment needs integers; skipped: n' };
      assert.deepEqual(element, skipped ? { success: true, warning } : { success: true });
      assert.equal((await shown()).userAttributes['n'], expected);
    });
  }

  test('that are skipped take nothing from what stands beside them', async () => {
    const { set, shown } = newUser();
    const increments = { a: 'many', b: 2, c: {}, d: '7', e: null };
    assert.deepEqual(
      await set({ userAttributes: { plan: 'pro' }, userAttributeValuesToIncrement: increments }),
      {
        success: true,
        warning: { message: 'Increment needs integers; skipped: a, c' },
      },
    );
    assert.deepEqual((await shown()).userAttributes, { plan: 'pro', b: 2, d: 7 });
  });
});

describe('counters and totals', () => {
  test('are overwritten, moved, and counted on from there', async () => {
    const { call, set, shown } = newUser();
    await set({
      events: {
        bought: { count: 10, value: 99.5, firstTime: 1000, lastTime: 2000 },
        moved: { countIncrement: 3 },
      },
      states: { cart: { count: 2, firstTime: 5, lastTime: 6.5 } },
    });
    await call('track', { event: 'bought', value: 0.5 });
    await set({
      events: { bought: { countIncrement: -1, valueIncrement: 10 }, both: { count: 5, countIncrement: 2 } },
    });
    const { events, states } = (await shown()) as unknown as Record<string, Record<string, Params>>;
    assert.deepEqual(
      { ...events?.['bought'], lastTime: 0 },
      { count: 10, value: 110, firstTime: 1000, lastTime: 0 },
    );
    assert.equal(events?.['moved']?.['count'], 3);
    assert.equal(events?.['both']?.['count'], 7);
    assert.deepEqual(states?.['cart'], { count: 2, firstTime: 5, lastTime: 6.5 });
  });

  test('numbers may be text, and negative', async () => {
    const { set, shown } = newUser();
    const times = { firstTime: '1600000000.25', lastTime: '1.6000001E9' };
    await set({
      events: {
        texts: { count: '3', value: '1.5', ...times },
        less: { count: -2, value: -3 },
        moved: { count: 1, countIncrement: -5, valueIncrement: '-0.5' },
      },
      states: { room: { countIncrement: '-2' } },
    });
    const { events, states } = (await shown()) as unknown as Record<string, Record<string, Params>>;
    assert.deepEqual(events?.['texts'], {
      count: 3,
      value: 1.5,
      firstTime: 1_600_000_000.25,
      lastTime: 1_600_000_100,
    });
    const counts = [events?.['less'], events?.['moved'], states?.['room']].map((it) => [
      it?.['count'],
      it?.['value'],
    ]);
    assert.deepEqual(counts, [
      [-2, -3],
      [-4, -0.5],
      [-2, undefined],
    ]);
  });

  test('times have to be numbers', async () => {
    const params = {
      action: 'setUserAttributes',
      userId: 'ann',
      events: { e: { firstTime: '2020-01-01T00:00:00Z' } },
    };
    const answer = await leanplum(server, { action: 'multi', data: [params], time: nowSec() });
    assert.equal(answer.status, 200);
    assert.deepEqual(onlyElement(answer), {
      success: false,
      error: { message: "event 'e' firstTime is invalid." },
    });
  });

  test('of the profile', async () => {
    const { set, shown } = newUser();
    await set({
      created: 1_500_000_000.5,
      lastActive: 1_600_000_000,
      totalSessions: 12,
      timeSpentInApp: 90.25,
    });
    const { created, lastActive, totalSessions, timeSpentInApp } = await shown();
    assert.deepEqual(
      [created, lastActive, totalSessions, timeSpentInApp],
      [1_500_000_000.5, 1_600_000_000, 12, 90.25],
    );
  });
});

describe('what is known of a user', () => {
  const place = {
    locale: 'en_US',
    country: 'US',
    region: 'ca',
    city: 'San Francisco',
    location: '37.775,-122.4183',
    timezone: 'America/Los_Angeles',
    timezoneOffsetSeconds: -28800,
  };
  for (const action of ['start', 'setUserAttributes']) {
    test(`by ${action}; "(detect)" leaves it alone`, async () => {
      const { call, shown } = newUser();
      await call(action, { ...place, locationAccuracyType: 'gps' });
      await call(action, { country: '(detect)', city: '(detect)', locale: '' });
      const expected = { ...place, locationAccuracyType: 'GPS' };
      const user = await shown();
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, user[name]])), expected);
    });
  }

  test('nothing is said of what is unknown', async () => {
    const { set, shown } = newUser();
    await set({});
    const user = await shown();
    assert.ok(!('country' in user) && !('locationAccuracyType' in user));
    assert.deepEqual(
      [user['unsubscribeChannels'], user['unsubscribeCategories'], user['devices']],
      [[], [], []],
    );
  });

  test('what he opted out of', async () => {
    const { set, shown } = newUser();
    await set({ unsubscribeChannelsToAdd: 'Email', unsubscribeCategoriesToAdd: [7, '9'] });
    await set({ unsubscribeChannelsToAdd: '[Email, Webhook]', unsubscribeCategoriesToRemove: '[9]' });
    const user = await shown();
    assert.deepEqual(user['unsubscribeChannels'], ['Email', 'Webhook']);
    assert.deepEqual(user['unsubscribeCategories'], [{ id: 7 }]);
  });

  test('what he takes back of it: every answer is plain', async () => {
    const { set, shown } = newUser();
    const channels = ['Email', 'Push Notification', 'Webhook', 'Newsfeed Message'];
    assert.deepEqual(await set({ unsubscribeChannelsToAdd: channels, unsubscribeCategoriesToAdd: '5' }), {
      success: true,
    });
    const rows: [removed: unknown, left: string[]][] = [
      ['Email', channels.slice(1)],
      ['Email', channels.slice(1)],
      [
        ['Webhook', 'Fax'],
        ['Push Notification', 'Newsfeed Message'],
      ],
      ['[Push Notification, Newsfeed Message]', []],
      ['', []],
      [null, []],
    ];
    for (const [unsubscribeChannelsToRemove, left] of rows) {
      assert.deepEqual(await set({ unsubscribeChannelsToRemove }), { success: true });
      assert.deepEqual((await shown())['unsubscribeChannels'], left);
    }
    const both = { unsubscribeChannelsToAdd: ['Email', 'Webhook'], unsubscribeChannelsToRemove: 'Email' };
    assert.deepEqual(await set({ ...both, unsubscribeCategoriesToRemove: 5 }), { success: true });
    const user = await shown();
    assert.deepEqual([user['unsubscribeChannels'], user['unsubscribeCategories']], [['Webhook'], []]);
  });

  test('his devices: by start and by setDeviceAttributes, also wrapped in an object', async () => {
    const ids = { userId: `user-${users++}`, deviceId: `device-${users}` };
    const { call, shown } = newUser(ids);
    await call('start', { systemName: 'iOS', versionName: '1.9', deviceModel: 'iPhone' });
    assert.deepEqual(await call('setDeviceAttributes', { appVersion: '2.0', iosPushToken: 'abc' }), {
      success: true,
    });
    await call('setDeviceAttributes', { deviceAttributes: { deviceName: "Ann's" } });
    const { deviceId } = ids;
    assert.deepEqual((await shown())['devices'], [
      {
        deviceId,
        appVersion: '2.0',
        systemName: 'iOS',
        deviceModel: 'iPhone',
        iosPushToken: 'abc',
        deviceName: "Ann's",
      },
    ]);
  });

  test('a device without a word about it', async () => {
    const { call } = newUser({ deviceId: 'lonely' });
    assert.deepEqual(await call('setDeviceAttributes'), {
      success: true,
      warning: { message: 'User not found; request skipped.' },
    });
    await call('start');
    assert.deepEqual(await call('setDeviceAttributes'), {
      success: true,
      warning: { message: 'No device attributes given; request skipped.' },
    });
    const answer = await leanplum(server, { action: 'setDeviceAttributes', userId: 'ann', appVersion: '1' });
    assert.equal(answer.status, 400);
    assert.deepEqual(onlyElement(answer).error, { message: "'deviceId' must be provided" });
  });
});

describe('calls that few make', () => {
  test('a region is an event', async () => {
    const { call, shown } = newUser();
    await call('trackGeofence', { event: 'enter_region', params: { id: 'shop' } });
    const { events } = (await shown()) as unknown as { events: Record<string, { count: number }> };
    assert.equal(events['enter_region']?.count, 1);
  });

  test('a traffic source needs an object', async () => {
    const { call } = newUser();
    assert.deepEqual(await call('setTrafficSourceInfo', { trafficSource: { publisherId: 'p' } }), {
      success: true,
    });
    const answer = await leanplum(server, { action: 'setTrafficSourceInfo', userId: 'ann' });
    assert.deepEqual(
      [answer.status, onlyElement(answer).error],
      [400, { message: "'trafficSource' must be provided" }],
    );
  });

  test('resetAnomalies is taken, and there is nothing to reset', async () => {
    const { set, shown } = newUser();
    await set({ userAttributes: { plan: 'pro' } });
    const before = await shown();
    for (const resetAnomalies of [true, 'true', 'False', 1, null]) {
      assert.deepEqual(await set({ resetAnomalies }), { success: true });
      assert.deepEqual(await shown(), before);
    }
    const reset = { action: 'setUserAttributes', userId: before['userId'], resetAnomalies: true };
    const options = { key: 'development' } as const;
    const answer = await leanplum(server, { action: 'multi', time: nowSec(), data: [reset, reset] }, options);
    assert.deepEqual(answer.body, { response: [{ success: true }, { success: true }] });
  });

  test('restart is answered like start, names of the editor with plain success', async () => {
    const { call } = newUser();
    assert.deepEqual(((await call('restart')) as unknown as Params)['vars'], {});
    for (const name of ['saveInterface', 'saveInterfaceImage', 'getViewControllerVersionsList']) {
      const answer = await leanplum(server, { action: name }, { key: 'development' });
      assert.deepEqual([answer.status, onlyElement(answer)], [200, { success: true }]);
    }
  });
});
