/** Every parameter of `start` and of the actions about devices, and names that may not be (contract 2.2, 2.3, 8.1). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { storedLines } from '../support/stored-lines.ts';
import { exportUser, onlyElement } from './wire.ts';

type Params = Record<string, unknown>;
let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

/** The element of a call that succeeds. */
async function call(action: string, params: Params) {
  const answer = await leanplum(server, { action, ...params });
  assert.equal(answer.status, 200, answer.text);
  return onlyElement(answer);
}

const done = { success: true };
const shown = (ids: Params) => exportUser(server, ids) as Promise<unknown> as Promise<Params>;

/** What SDKs of all kinds may say of a device, and how it is exported. */
const device = {
  appVersion: '2.0.1',
  systemName: 'Android OS',
  systemVersion: '14',
  browserName: 'Chrome',
  browserVersion: '120',
  deviceName: 'Pixel',
  deviceModel: 'Pixel 8',
  iosPushToken: 'a'.repeat(64),
  gcmRegistrationId: 'g'.repeat(163),
  webPushSubscription: '{"endpoint":"https://push.example/1","key":"k","auth":"a"}',
  huaweiPushRegId: 'h'.repeat(130),
  iosPushTypes: '7',
  iosPushCategories: '["a","b"]',
  limitTracking: 'true',
  richPushEnabled: 'false',
  installDate: '1700000000',
  updateDate: '1700000100',
};

describe('start', () => {
  test('takes every parameter', async () => {
    const ids = { userId: 'full', deviceId: 'full device' };
    const place = {
      locale: 'en-US_US',
      country: 'BG',
      region: 'Sofia',
      city: 'Sofia',
      location: '42.7,23.3',
      timezone: 'Europe/Sofia',
    };
    const element = await call('start', {
      ...ids,
      ...device,
      ...place,
      userAttributes: '{"plan":"pro"}',
      locationAccuracyType: 'cell',
      timezoneOffsetSeconds: '7200',
      background: 'false',
      includeDefaults: 'false',
      newsfeedMessages: [],
      includeVariantDebugInfo: false,
      ct: false,
    });
    assert.deepEqual([element.success, element.warning], [true, undefined]);
    const user = await shown(ids);
    const expected = { ...place, locationAccuracyType: 'CELL', timezoneOffsetSeconds: 7200 };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, user[name]])), expected);
    assert.deepEqual(user['devices'], [{ deviceId: ids.deviceId, ...device }]);
    assert.deepEqual([user['totalSessions'], user['userAttributes']], [1, { plan: 'pro' }]);
  });

  test('takes JSON where others send text, and SDKs’ own word for the version of the app', async () => {
    const ids = { userId: 'json', deviceId: 'json device' };
    await call('start', {
      ...ids,
      versionName: '3.1',
      webPushSubscription: { endpoint: 'e', key: 'k', auth: 'a' },
      iosPushTypes: 7,
      iosPushCategories: ['a'],
      limitTracking: 'True',
      richPushEnabled: false,
      installDate: 1700000000,
      deviceName: '',
      deviceModel: null,
    });
    const told = {
      appVersion: '3.1',
      webPushSubscription: '{"endpoint":"e","key":"k","auth":"a"}',
      iosPushTypes: '7',
      iosPushCategories: '["a"]',
      limitTracking: 'true',
      richPushEnabled: 'false',
      installDate: '1700000000',
    };
    assert.deepEqual((await shown(ids))['devices'], [{ deviceId: ids.deviceId, ...told }]);
  });
});

test('setDeviceAttributes takes every field, plain and wrapped', async () => {
  for (const [name, params] of [
    ['plain', device],
    ['wrapped', { deviceAttributes: device }],
    ['wrapped in text', { deviceAttributes: JSON.stringify(device) }],
  ] as const) {
    const ids = { userId: `of ${name}`, deviceId: `device ${name}` };
    assert.deepEqual(await call('setDeviceAttributes', { ...ids, ...params }), done);
    assert.deepEqual((await shown(ids))['devices'], [{ deviceId: ids.deviceId, ...device }]);
  }
});

test('setTrafficSourceInfo keeps what is known of a source, at its time', async () => {
  const trafficSource = {
    publisherId: 1,
    publisherName: 'Ads',
    publisherSubAd: '',
    publisherSubCampaign: 'May',
  };
  const time = 1_700_000_000;
  assert.deepEqual(await call('setTrafficSourceInfo', { userId: 'led', trafficSource, time }), done);
  const lines = (await storedLines(server.dataFolder)) as unknown as (Params & { params?: Params })[];
  const line = lines.find((it) => it['kind'] === 'facts' && it.params?.['sourcePublisher'] === 'Ads');
  const params = { sourcePublisherId: '1', sourcePublisher: 'Ads', sourceCampaign: 'May' };
  assert.deepEqual([line?.params, line?.['time']], [params, time]);
});

describe('devices of setUserAttributes', () => {
  test('are made and updated; one of another user is handed on', async () => {
    await call('start', { userId: 'other', deviceId: 'taken' });
    await call('start', { userId: 'owner', deviceId: 'phone', systemName: 'iOS' });
    const devices = [
      { deviceId: 'phone', systemVersion: '17' },
      { deviceId: 'tablet', iosPushToken: 't' },
      { deviceId: 'watch' },
      { deviceId: 'taken', appVersion: '5' },
    ];
    assert.deepEqual(await call('setUserAttributes', { userId: 'owner', devices }), done);
    assert.deepEqual((await shown({ userId: 'owner' }))['devices'], [
      { deviceId: 'phone', systemName: 'iOS', systemVersion: '17' },
      { deviceId: 'taken', appVersion: '5' },
      { deviceId: 'tablet', iosPushToken: 't' },
      { deviceId: 'watch' },
    ]);
    assert.equal((await shown({ deviceId: 'tablet' }))['userId'], 'owner');
    assert.equal((await shown({ deviceId: 'taken' }))['userId'], 'owner');
    assert.equal((await shown({ userId: 'other' }))['userId'], 'other');
  });

  test('come as text of a list, and with a new user', async () => {
    const devices = JSON.stringify([{ deviceId: 'first', appVersion: '1' }]);
    assert.deepEqual(await call('setUserAttributes', { userId: 'fresh', devices }), done);
    assert.deepEqual((await shown({ userId: 'fresh' }))['devices'], [{ deviceId: 'first', appVersion: '1' }]);
  });

  test('of a user who gets another id are his', async () => {
    const devices = [{ deviceId: 'desk', appVersion: '1' }];
    const params = { userId: 'before', deviceId: 'before', newUserId: 'after' };
    await call('start', { deviceId: 'before' });
    assert.deepEqual((await call('setUserAttributes', { ...params, devices })).success, true);
    await call('setUserAttributes', { userId: 'after', devices });
    assert.deepEqual((await shown({ userId: 'after' }))['devices'], [
      { deviceId: 'before' },
      { deviceId: 'desk', appVersion: '1' },
    ]);
  });

  test('an anonymous user has the one he goes by', async () => {
    await call('start', { deviceId: 'older' });
    await call('start', { deviceId: 'nameless' });
    const devices = [
      { deviceId: 'nameless', appVersion: '1' },
      { deviceId: 'older', appVersion: '2' },
    ];
    const message = 'Devices need a userId; skipped: older';
    const element = await call('setUserAttributes', { deviceId: 'nameless', devices });
    assert.deepEqual(element, { success: true, warning: { message } });
    assert.deepEqual((await shown({ deviceId: 'nameless' }))['devices'], [
      { deviceId: 'nameless', appVersion: '1' },
    ]);
    assert.deepEqual((await shown({ deviceId: 'older' }))['devices'], [{ deviceId: 'older' }]);
  });

  const many = Array.from({ length: 51 }, (_, index) => ({ deviceId: `d${index}` }));
  const wrong: [devices: unknown, message: string][] = [
    [[{ appVersion: '1' }], "'devices' is invalid."],
    [[{ deviceId: {} }], "'devices' is invalid."],
    [['phone'], "'devices' is invalid."],
    ['[{', "'devices' is invalid."],
    [7, "'devices' is invalid."],
    [many, "'devices' must have at most 50 entries."],
    [[{ deviceId: 'x'.repeat(401) }], "'deviceId' must have at most 400 characters."],
  ];
  for (const [devices, message] of wrong) {
    test(`${JSON.stringify(devices).slice(0, 40)}: ${message}`, async () => {
      const answer = await leanplum(server, { action: 'setUserAttributes', userId: 'wrong', devices });
      assert.equal(answer.status, 400);
      assert.deepEqual(onlyElement(answer), { success: false, error: { message } });
    });
  }
});

describe('names that may not be are skipped, with a warning', () => {
  const warned = (message: string) => ({ success: true, warning: { message } });
  const rows: readonly [action: string, params: Params, message: string][] = [
    ['track', { event: '42' }, "Invalid event name; skipped: '42'."],
    ['track', { event: '.hidden' }, "Invalid event name; skipped: '.hidden'."],
    ['advance', { state: 'a,b' }, "Invalid state name; skipped: 'a,b'."],
    ['setUserAttributes', { userAttributes: { '-a': 1 } }, "Invalid userAttribute name; skipped: '-a'."],
    ['setUserAttributes', { userAttributes: { 'a/': null } }, "Invalid userAttribute name; skipped: 'a/'."],
    [
      'setUserAttributes',
      { userAttributeValuesToAdd: { '1': 'x' } },
      "Invalid userAttribute name; skipped: '1'.",
    ],
    ['setUserAttributes', { events: { 'a|b': { count: 1 } } }, "Invalid event name; skipped: 'a|b'."],
    ['setUserAttributes', { states: { '.m1': { count: 1 } } }, "Invalid state name; skipped: '.m1'."],
    [
      'setUserAttributes',
      { userAttributes: { '': 1, a: 1 }, events: { '7': {} } },
      "Invalid userAttribute name; skipped: ''. Invalid event name; skipped: '7'.",
    ],
  ];
  for (const [action, params, message] of rows) {
    test(`${action} ${JSON.stringify(params)}`, async () => {
      assert.deepEqual(await call(action, { userId: `named ${message}`, ...params }), warned(message));
    });
  }

  test('and everything beside them counts', async () => {
    const userId = 'mixed';
    await call('start', { userId, userAttributes: { good: 1, '{bad}': 2 } });
    await call('track', { userId, event: 'good', params: { ok: 1, '2': 2 } });
    await call('track', { userId, event: '1e5' });
    await call('advance', { userId, state: 'good state', params: { '-': 1 } });
    await call('setUserAttributes', { userId, events: { '.m7 Open': { count: 3 }, '.x': { count: 3 } } });
    const { userAttributes, events = {}, states = {} } = await exportUser(server, { userId });
    assert.deepEqual(userAttributes, { good: 1 });
    assert.deepEqual(Object.keys(events), ['good', '.m7 Open']);
    assert.deepEqual(Object.keys(states), ['good state']);
  });

  test('a skipped event creates nobody', async () => {
    await call('track', { userId: 'never seen', event: '1' });
    const read = await exportUser(server, { userId: 'never seen' });
    assert.deepEqual(read.warning, { message: 'User not found; request skipped.' });
  });
});
