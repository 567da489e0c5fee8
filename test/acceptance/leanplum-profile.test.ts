/** What Leanplum actions do to a profile, and how its times are understood. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportUser, isNear, nowSec, onlyElement, userNotFound } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

type Params = Record<string, unknown>;
const daySec = 86_400;

async function multi(data: readonly Params[], outer: Params = {}) {
  const answer = await leanplum(server, { action: 'multi', time: nowSec(), data, ...outer });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.response.length, data.length);
  return answer.body.response;
}

/** A single call that succeeds; its element. */
async function call(params: Params) {
  const answer = await leanplum(server, params);
  assert.equal(answer.status, 200, answer.text);
  return onlyElement(answer);
}

describe('attributes', () => {
  const set = (userId: string, userAttributes: unknown, more: Params = {}) =>
    call({ action: 'setUserAttributes', userId, userAttributes, ...more });
  const attributesOf = async (userId: string) => (await exportUser(server, { userId })).userAttributes;

  const values: [value: unknown, exported: unknown][] = [
    ['text', 'text'],
    ['27', '27'],
    ['', ''],
    [27, 27],
    [-0.5, -0.5],
    [1e21, 1e21],
    [true, 'True'],
    [false, 'False'],
    ['True', 'True'],
    ['2017-03-01T10:00:00Z', '2017-03-01T10:00:00Z'],
    [
      ['Hiking', 'Chess'],
      ['Hiking', 'Chess'],
    ],
    [[], []],
    ['Ünï 漢 😀 \u0001', 'Ünï 漢 😀 \u0001'],
  ];
  test('keep their type; booleans read back as words', async () => {
    await set('typed', Object.fromEntries(values.map(([value], index) => [`a${index}`, value])));
    const expected = Object.fromEntries(values.map(([, exported], index) => [`a${index}`, exported]));
    assert.deepEqual(await attributesOf('typed'), expected);
  });

  test('what is not mentioned stays, what is set again changes, null clears', async () => {
    await set('changed', { stays: 1, changes: 1, goes: 1 });
    await set('changed', { changes: 'now text', goes: null, never: null });
    assert.deepEqual(await attributesOf('changed'), { stays: 1, changes: 'now text' });
    await set('changed', { goes: 'is back' });
    assert.deepEqual(await attributesOf('changed'), { stays: 1, changes: 'now text', goes: 'is back' });
    await set('changed', {});
    assert.deepEqual(await attributesOf('changed'), { stays: 1, changes: 'now text', goes: 'is back' });
  });

  test('the last to arrive wins, whatever its time', async () => {
    await set('late', { a: 'first' }, { time: nowSec() });
    await set('late', { a: 'second' }, { time: nowSec() - 3600 });
    assert.deepEqual(await attributesOf('late'), { a: 'second' });
  });

  test('named like built-ins they are ordinary ones', async () => {
    await set('built-in', { locale: 'xx', country: 'yy', userId: 'zz', events: 1 });
    assert.deepEqual(await attributesOf('built-in'), {
      locale: 'xx',
      country: 'yy',
      userId: 'zz',
      events: 1,
    });
  });

  test('start sets them as well', async () => {
    await set('starter', { plan: 'free', age: 3 });
    await call({ action: 'start', userId: 'starter', userAttributes: '{"plan":"pro","age":null}' });
    assert.deepEqual(await attributesOf('starter'), { plan: 'pro' });
  });
});

describe('users nobody knows', () => {
  const rows: [params: Params, isCreated: boolean][] = [
    [{ action: 'start' }, true],
    [{ action: 'track', event: 'a' }, true],
    [{ action: 'setUserAttributes', userAttributes: { a: 1 } }, true],
    [{ action: 'start', createDisposition: 'CreateIfNeeded' }, true],
    [{ action: 'track', event: 'a', createDisposition: 'CreateIfNeeded' }, true],
    [{ action: 'start', createDisposition: 'CreateNever' }, false],
    [{ action: 'track', event: 'a', createDisposition: 'CreateNever' }, false],
    [{ action: 'setUserAttributes', userAttributes: { a: 1 }, createDisposition: 'CreateNever' }, false],
  ];
  for (const [params, isCreated] of rows) {
    test(`${JSON.stringify(params)} ${isCreated ? 'creates one' : 'is skipped'}`, async () => {
      const userId = `new: ${JSON.stringify(params)}`;
      const skipped = { success: true, warning: { message: 'User not found; request skipped.' } };
      const element = await call({ ...params, userId });
      if (isCreated) assert.equal(element.warning, undefined);
      else assert.deepEqual(element, skipped);
      const read = await leanplum(server, { action: 'exportUser', userId }, { key: 'dataExport' });
      if (isCreated) assert.equal(onlyElement(read).userId, userId);
      else assert.equal(read.text, userNotFound);
    });
  }

  test('CreateNever still finds a known one, also one created earlier in the batch', async () => {
    const track = { action: 'track', userId: 'soon known', event: 'a' };
    const never = { ...track, createDisposition: 'CreateNever' };
    const warned = { success: true, warning: { message: 'User not found; request skipped.' } };
    const done = { success: true, isOffline: true };
    assert.deepEqual(await multi([never, track, never]), [warned, done, done]);
    assert.deepEqual(await countsOf(server, 'soon known'), { a: 2 });
  });
});

describe('exportUser', () => {
  test('shows a user who never had a session', async () => {
    const before = nowSec();
    await call({ action: 'track', userId: 'quiet', event: 'plain' });
    await call({ action: 'track', userId: 'quiet', event: 'paid', value: 1.25 });
    await call({ action: 'track', userId: 'quiet', event: 'paid', value: '0.5' });
    const { created, userBucket, events = {}, ...rest } = await exportUser(server, { userId: 'quiet' });
    isNear(created, before);
    assert.ok(Number.isInteger(userBucket) && Number(userBucket) >= 0 && Number(userBucket) <= 999);
    assert.deepEqual(rest, {
      success: true,
      userId: 'quiet',
      lastActive: null,
      totalSessions: 0,
      timeSpentInApp: 0,
      userAttributes: {},
      states: {},
      unsubscribeChannels: [],
      unsubscribeCategories: [],
      devices: [],
    });
    const { firstTime, lastTime, ...plain } = events['plain'] ?? {};
    assert.deepEqual(plain, { count: 1 });
    isNear(firstTime, before);
    assert.equal(lastTime, firstTime);
    assert.equal(events['paid']?.count, 2);
    assert.equal(events['paid']?.value, 1.75);
    assert.ok(Number(events['paid']?.firstTime) <= Number(events['paid']?.lastTime));
    assert.equal((await exportUser(server, { userId: 'quiet' })).userBucket, userBucket);
  });

  test('shows sessions and devices', async () => {
    const before = nowSec();
    await call({ action: 'start', userId: 'active', deviceId: 'd1', userAttributes: { beta: true } });
    await call({ action: 'start', userId: 'active', deviceId: 'd2' });
    const user = await exportUser(server, { userId: 'active' });
    assert.equal(user.totalSessions, 2);
    isNear(user.lastActive, before);
    assert.deepEqual(user.devices, [{ deviceId: 'd1' }, { deviceId: 'd2' }]);
    assert.deepEqual(user.userAttributes, { beta: 'True' });
    assert.deepEqual(user.events, {});
  });

  test('finds a user by his device; an anonymous one goes by its id', async () => {
    await call({ action: 'track', userId: 'owner', deviceId: 'owned', event: 'a' });
    assert.equal((await exportUser(server, { deviceId: 'owned' })).userId, 'owner');
    await call({ action: 'track', userId: 'nobody-yet', deviceId: 'nobody-yet', event: 'a' });
    await call({ action: 'track', deviceId: 'nobody-yet', event: 'a' });
    for (const ids of [
      { userId: 'nobody-yet' },
      { deviceId: 'nobody-yet' },
      { userId: 'nobody-yet', deviceId: 'nobody-yet' },
    ]) {
      const user = await exportUser(server, ids);
      assert.equal(user.userId, 'nobody-yet');
      assert.equal(user.events?.['a']?.count, 2);
    }
  });

  test("an anonymous user's device id is no name: he gets one later", async () => {
    const anonymous = { userId: 'some-phone', deviceId: 'some-phone' };
    await call({ action: 'track', ...anonymous, event: 'a' });
    const path = '/data/v2/projects/{token}/customers/export-one';
    const byName = await bloomreach(server, path, { customer_ids: { registered: 'some-phone' } });
    assert.equal(byName.status, 404);
    await call({ action: 'track', userId: 'named', deviceId: 'some-phone', event: 'a' });
    for (const ids of [{ userId: 'named' }, { deviceId: 'some-phone' }, anonymous]) {
      const user = await exportUser(server, ids);
      assert.equal(user.userId, 'named');
      assert.equal(user.events?.['a']?.count, 2);
    }
  });

  test('of a stranger says so', async () => {
    const answer = await leanplum(
      server,
      { action: 'exportUser', userId: 'stranger' },
      { key: 'dataExport' },
    );
    assert.equal(answer.status, 200);
    assert.equal(answer.text, userNotFound);
  });
});

describe('sessions', () => {
  test('an event outside of one is offline, inside not', async () => {
    const track = { action: 'track', userId: 'visitor', deviceId: 'v1', event: 'a' };
    assert.deepEqual(await call(track), { success: true, isOffline: true });
    await call({ action: 'start', userId: 'visitor', deviceId: 'v1' });
    assert.deepEqual(await call(track), { success: true });
    // Without a device the open session is taken; on another device there is none.
    assert.deepEqual(await call({ ...track, deviceId: undefined }), { success: true });
    assert.deepEqual(await call({ ...track, deviceId: 'v2' }), { success: true, isOffline: true });
    assert.deepEqual(await countsOf(server, 'visitor'), { a: 4 });
  });

  test('every start of an SDK is a new session, a backend goes on with the open one', async () => {
    const start = { action: 'start', userId: 'runner', deviceId: 'r1' };
    await call({ ...start, sdkVersion: '6.0.0' });
    await call({ ...start, sdkVersion: '6.0.0' });
    assert.equal((await exportUser(server, { userId: 'runner' })).totalSessions, 2);
    await call(start);
    await call(start);
    assert.equal((await exportUser(server, { userId: 'runner' })).totalSessions, 2);
  });

  test('message events have names of their own', async () => {
    const track = { action: 'track', userId: 'reader' };
    await call({ ...track, messageId: 42 });
    await call({ ...track, messageId: '42', event: '' });
    await call({ ...track, messageId: '42', event: 'Open' });
    assert.deepEqual(await countsOf(server, 'reader'), { '.m42': 2, '.m42 Open': 1 });
  });
});

describe('the clock of a batch', () => {
  const skew = (text: string) => `Device clock skew detected (${text}). Rewriting timestamp.`;
  const rows: [name: string, sentAheadSec: number, warning: string | undefined][] = [
    ['right', 0, undefined],
    ['not quite a day behind', -(daySec - 300), undefined],
    ['a little over a day behind', -(daySec + 60), skew('1 days behind')],
    ['almost two days behind', -(2 * daySec - 300), skew('1 days behind')],
    ['736 days behind', -(736 * daySec + 60), skew('736 days behind')],
    ['not quite a day ahead', daySec - 300, undefined],
    ['a little over a day ahead', daySec + 300, skew('1 days ahead')],
    ['three days ahead', 3 * daySec + 300, skew('3 days ahead')],
  ];
  for (const [name, sentAheadSec, message] of rows) {
    test(name, async () => {
      const userId = `clock: ${name}`;
      const time = nowSec() + sentAheadSec;
      const warning = message === undefined ? {} : { warning: { message } };
      const elements = await multi(
        [
          { action: 'track', userId, event: 'then', time: time - 100 },
          { action: 'track', userId, event: 'now' },
          { action: 'setUserAttributes', userId, userAttributes: { a: 1 }, time: time - 50 },
        ],
        { time },
      );
      assert.deepEqual(elements, [
        { success: true, isOffline: true, ...warning },
        { success: true, isOffline: true, ...warning },
        { success: true, ...warning },
      ]);
      const { events } = await exportUser(server, { userId });
      isNear(events?.['then']?.firstTime, nowSec() - 100);
      isNear(events?.['now']?.firstTime, nowSec());
    });
  }

  test('that is wrong is said with every element, whatever else it says', async () => {
    const time = nowSec() - (2 * daySec + 60);
    const message = skew('2 days behind');
    const userId = 'every element';
    const warned = (more = '') => ({ success: true, warning: { message: `${message}${more}` } });
    const failed = (error: string) => ({ success: false, error: { message: error }, warning: { message } });
    const nobody = { userId: 'nobody at all', createDisposition: 'CreateNever' };
    const rows: [action: Params, element: unknown][] = [
      [{ action: 'setUserAttributes', userId }, warned()],
      [{ action: 'heartbeat', ...nobody }, warned(' User not found; request skipped.')],
      [
        { action: 'setUserAttributes', ...nobody, userAttributes: { '.': 1 } },
        warned(' User not found; request skipped.'),
      ],
      [
        { action: 'track', userId, event: 'a', disposition: 'requireActive' },
        { ...warned(' No active session; event ignored.'), ignored: true },
      ],
      [{ action: 'setDeviceAttributes', userId, deviceId: 'd', appVersion: '1' }, warned()],
      [
        { action: 'setDeviceAttributes', userId, deviceId: 'd' },
        warned(' No device attributes given; request skipped.'),
      ],
      [{ action: 'sendMessage', userId, messageId: 1 }, warned(' Message entity not found')],
      [{ action: 'track', userId, event: '1' }, warned(" Invalid event name; skipped: '1'.")],
      [
        { action: 'setUserAttributes', userId, userAttributeValuesToIncrement: { a: 'x' } },
        warned(' Increment needs integers; skipped: a'),
      ],
      [{ action: 'log', type: 'sdkLog' }, warned()],
      [
        { action: 'getNewsfeedMessages', userId },
        { ...warned(), newsfeedMessages: {} },
      ],
      [{ action: 'unknown', userId }, failed('Action not found')],
      [{ action: 'track', userId }, failed("'event' must be provided")],
      [{ action: 'deleteUser', userId }, failed('Invalid access key')],
      ['no object' as unknown as Params, failed('Action not found')],
    ];
    const elements = await multi(
      rows.map(([action]) => action),
      { time },
    );
    assert.deepEqual(
      elements,
      rows.map(([, element]) => element),
    );
  });

  test('a time after the sending is now', async () => {
    await multi([{ action: 'track', userId: 'future', event: 'a', time: nowSec() + 5000 }]);
    const { firstTime } = (await exportUser(server, { userId: 'future' })).events?.['a'] ?? {};
    assert.ok(Number(firstTime) <= nowSec(), String(firstTime));
    isNear(firstTime, nowSec());
  });
});

describe('events of the past', () => {
  const past = (days: number) => `Past event detected (${days} days ago). Rewriting timestamp.`;
  const rows: [name: string, agoSec: number, warning: string | undefined][] = [
    ['364 days', 364 * daySec, undefined],
    ['365 days exactly', 365 * daySec, undefined],
    ['365 days and 10 minutes', 365 * daySec + 600, past(365)],
    ['366 days', 366 * daySec, past(366)],
    ['731 days', 731 * daySec, past(731)],
  ];
  for (const [name, agoSec, message] of rows) {
    test(name, async () => {
      const userId = `past: ${name}`;
      // Whole seconds: the difference is exact.
      const time = Math.floor(nowSec());
      const [element] = await multi([{ action: 'track', userId, event: 'a', time: time - agoSec }], { time });
      const warning = message === undefined ? {} : { warning: { message } };
      assert.deepEqual(element, { success: true, isOffline: true, ...warning });
      const { events } = await exportUser(server, { userId });
      isNear(events?.['a']?.firstTime, message === undefined ? nowSec() - agoSec : nowSec());
    });
  }

  test('only track is not taken at its word', async () => {
    const time = nowSec();
    const old = { userId: 'old facts', time: time - 400 * daySec, userAttributes: { a: 1 } };
    const elements = await multi(
      [
        { action: 'setUserAttributes', ...old },
        { action: 'start', ...old },
      ],
      { time },
    );
    assert.deepEqual(
      elements.map(({ success, warning }) => ({ success, warning })),
      [
        { success: true, warning: undefined },
        { success: true, warning: undefined },
      ],
    );
  });

  test('with a wrong clock as well there is only that warning', async () => {
    const time = nowSec() - (10 * daySec + 60);
    const track = { action: 'track', userId: 'both', event: 'a', time: time - 500 * daySec };
    const [element] = await multi([track], { time });
    const message = 'Device clock skew detected (10 days behind). Rewriting timestamp.';
    assert.deepEqual(element, { success: true, isOffline: true, warning: { message } });
  });
});

describe('the time of a single call', () => {
  test('counts as it is, however old', async () => {
    const time = Math.floor(nowSec()) - 400 * daySec;
    assert.deepEqual(await call({ action: 'track', userId: 'taken', event: 'a', time }), {
      success: true,
      isOffline: true,
    });
    assert.equal((await exportUser(server, { userId: 'taken' })).events?.['a']?.firstTime, time);
  });

  test('is never later than now', async () => {
    await call({ action: 'track', userId: 'capped', event: 'a', time: nowSec() + 10 * daySec });
    const { firstTime } = (await exportUser(server, { userId: 'capped' })).events?.['a'] ?? {};
    assert.ok(Number(firstTime) <= nowSec(), String(firstTime));
    isNear(firstTime, nowSec());
  });

  test('widens what is known of an event in both directions', async () => {
    const track = { action: 'track', userId: 'widened', event: 'a' };
    for (const time of [1_600_000_000, 1_500_000_000, 1_700_000_000, 1_650_000_000]) {
      await call({ ...track, time });
    }
    const { count, firstTime, lastTime } =
      (await exportUser(server, { userId: 'widened' })).events?.['a'] ?? {};
    assert.deepEqual(
      { count, firstTime, lastTime },
      { count: 4, firstTime: 1_500_000_000, lastTime: 1_700_000_000 },
    );
  });
});
