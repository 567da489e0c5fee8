/**
 * Who is who over HTTP: users who log in, register and switch (Leanplum contract 7), customers that are merged (Bloomreach
 * contract 2.6), and both of them on the same profiles.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, type ExportedUser, exportOne, exportUser, onlyElement, type UserIds } from './wire.ts';

/** The one that is asked; the restarts at the end have their own. */
let server: Server;
let shared: Server;
before(async () => {
  shared = await startServer();
  server = shared;
});
after(() => shared[Symbol.asyncDispose]());

type Values = Record<string, unknown>;

async function call(action: string, ids: UserIds, more: Values = {}): Promise<void> {
  const answer = await leanplum(server, { action, ...ids, ...more });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(onlyElement(answer)).includes('warning'), false, answer.text);
}

const track = (event: string, ids: UserIds) => call('track', ids, { event });
const set = (userAttributes: Values, ids: UserIds) => call('setUserAttributes', ids, { userAttributes });
const become = (newUserId: string, ids: UserIds, userAttributes: Values = {}) =>
  call('setUserAttributes', ids, { newUserId, userAttributes });
const devicesOf = ({ devices = [] }: ExportedUser) => devices.map((it) => it.deviceId).sort();
/** An anonymous user as the SDKs name him. */
const anonymous = (device: string): UserIds => ({ userId: device, deviceId: device });

describe('a user of an app', () => {
  test('logs in: who he was until then becomes part of him', async () => {
    const kim = { userId: 'kim-1', deviceId: 'laptop-1' };
    await call('start', kim);
    await track('opened', kim);
    await set({ plan: 'old', age: 30 }, kim);
    const phone = anonymous('phone-1');
    await call('start', phone);
    await track('opened', phone);
    await track('bought', phone);
    await set({ plan: 'new', color: 'red' }, phone);

    await become('kim-1', phone, { size: 'L' });
    await track('bought', { userId: 'kim-1', deviceId: 'phone-1' });
    const after = await exportUser(server, { userId: 'kim-1' });
    assert.deepEqual(after.userAttributes, { age: 30, plan: 'new', color: 'red', size: 'L' });
    assert.deepEqual(await countsOf(server, 'kim-1'), { opened: 2, bought: 2 });
    assert.equal(after.totalSessions, 2);
    assert.deepEqual(devicesOf(after), ['laptop-1', 'phone-1']);

    // Requests that still name the anonymous one mean kim.
    for (const ids of [{ deviceId: 'phone-1' }, { userId: 'phone-1' }, phone]) await track('late', ids);
    assert.equal((await countsOf(server, 'kim-1'))['late'], 3);
    for (const ids of [{ deviceId: 'phone-1' }, { userId: 'phone-1' }, phone]) {
      assert.equal((await exportUser(server, ids)).userId, 'kim-1');
    }
    // The same call again, as after a lost answer.
    await become('kim-1', phone, { size: 'XL' });
    assert.equal((await exportUser(server, { userId: 'kim-1' })).userAttributes?.['size'], 'XL');
  });

  test('has opted out of what both had, and first and last times of both', async () => {
    const out = (list: Values, ids: UserIds) => call('setUserAttributes', ids, list);
    const kim = { userId: 'kim-30', deviceId: 'laptop-30' };
    const phone = anonymous('phone-30');
    await out({ unsubscribeChannelsToAdd: ['Email'], unsubscribeCategoriesToAdd: [1, 2] }, kim);
    await out({ unsubscribeChannelsToAdd: ['Webhook', 'Email'], unsubscribeCategoriesToAdd: [3] }, phone);
    for (const [ids, time] of [
      [kim, 1_500_000_000],
      [kim, 1_600_000_000],
      [phone, 1_400_000_000],
      [phone, 1_550_000_000],
    ] as const) {
      await call('track', ids, { event: 'bought', value: 2, time });
    }
    await out(
      { states: { cart: { count: 2, firstTime: 5, lastTime: 6 } }, totalSessions: 3, timeSpentInApp: 4 },
      kim,
    );
    await out(
      { states: { cart: { count: 3, firstTime: 4, lastTime: 5 } }, totalSessions: 5, timeSpentInApp: 6 },
      phone,
    );

    await become('kim-30', phone);
    const is = await exportUser(server, { userId: 'kim-30' });
    const { unsubscribeChannels, unsubscribeCategories } = is as unknown as Values;
    assert.deepEqual(unsubscribeChannels, ['Email', 'Webhook']);
    assert.deepEqual(unsubscribeCategories, [{ id: 1 }, { id: 2 }, { id: 3 }]);
    const times = { firstTime: 1_400_000_000, lastTime: 1_600_000_000 };
    assert.deepEqual(is.events, { bought: { count: 4, value: 8, ...times } });
    assert.deepEqual(is.states, { cart: { count: 5, firstTime: 4, lastTime: 6 } });
    assert.deepEqual([is.totalSessions, is.timeSpentInApp], [8, 10]);
  });

  test('goes on with the session in which he logged in', async () => {
    await set({}, { userId: 'kim-2' });
    await call('start', anonymous('phone-2'));
    await become('kim-2', anonymous('phone-2'));
    const answer = await leanplum(server, {
      action: 'track',
      event: 'bought',
      userId: 'kim-2',
      deviceId: 'phone-2',
    });
    assert.equal('isOffline' in onlyElement(answer), false, answer.text);
    assert.equal((await exportUser(server, { userId: 'kim-2' })).totalSessions, 1);
  });

  test('registers: he keeps what he has and gets the id', async () => {
    const phone = anonymous('phone-3');
    await track('opened', phone);
    await become('kim-3', phone, { plan: 'free' });
    const kim = await exportUser(server, { userId: 'kim-3' });
    assert.deepEqual([kim.userId, devicesOf(kim)], ['kim-3', ['phone-3']]);
    assert.deepEqual(kim.userAttributes, { plan: 'free' });
    assert.deepEqual(await countsOf(server, 'kim-3'), { opened: 1 });
    assert.equal((await exportUser(server, phone)).userId, 'kim-3');
  });

  for (const exists of [true, false]) {
    test(`switches to a user who ${exists ? 'exists' : 'is new'}: nothing is merged`, async () => {
      const [kim, lou] = [`kim-4-${exists}`, `lou-4-${exists}`];
      const phone = { userId: kim, deviceId: `phone-4-${exists}` };
      if (exists) await track('before', { userId: lou });
      await call('start', phone);
      await track('opened', phone);
      await become(lou, phone, { plan: 'lou’s' });
      await track('opened', { ...phone, userId: lou });

      const [was, is] = [
        await exportUser(server, { userId: kim }),
        await exportUser(server, { userId: lou }),
      ];
      assert.deepEqual([was.userAttributes, is.userAttributes], [{}, { plan: 'lou’s' }]);
      assert.deepEqual([was.totalSessions, is.totalSessions], [1, 1]);
      assert.deepEqual([devicesOf(was), devicesOf(is)], [[phone.deviceId], [phone.deviceId]]);
      assert.deepEqual(await countsOf(server, kim), { opened: 1 });
      assert.deepEqual(await countsOf(server, lou), { ...(exists && { before: 1 }), opened: 1 });
      assert.equal((await exportUser(server, { deviceId: phone.deviceId })).userId, lou);
      // Back again: the phone is in kim's list once.
      await call('start', phone);
      assert.equal((await exportUser(server, { deviceId: phone.deviceId })).userId, kim);
      assert.deepEqual(devicesOf(await exportUser(server, { userId: kim })), [phone.deviceId]);
    });
  }

  test('stays who he is when both ids are the same, as Android sends it', async () => {
    const phone = { userId: 'kim-5', deviceId: 'phone-5' };
    await call('start', phone);
    await become('kim-5', phone, { a: 1 });
    await become('phone-6', anonymous('phone-6'), { a: 1 });
    const kim = await exportUser(server, { userId: 'kim-5' });
    assert.deepEqual([kim.totalSessions, kim.userAttributes], [1, { a: 1 }]);
    assert.deepEqual((await exportUser(server, { deviceId: 'phone-6' })).userAttributes, { a: 1 });
  });

  test('logs in by a start with his id', async () => {
    await track('before', { userId: 'kim-7' });
    await call('start', anonymous('phone-7'));
    await track('opened', anonymous('phone-7'));
    await call('start', { userId: 'kim-7', deviceId: 'phone-7' });
    assert.deepEqual(await countsOf(server, 'kim-7'), { before: 1, opened: 1 });
    const kim = await exportUser(server, { deviceId: 'phone-7' });
    assert.deepEqual([kim.userId, kim.totalSessions], ['kim-7', 1], 'his session goes on');
  });

  test('hands his phone on: it means who uses it now, both keep it in their lists', async () => {
    const of = (userId: string) => ({ userId, deviceId: 'phone-8' });
    await call('start', of('kim-8'));
    await call('start', of('lou-8'));
    await track('opened', { deviceId: 'phone-8' });
    assert.deepEqual(await countsOf(server, 'lou-8'), { opened: 1 });
    assert.deepEqual(await countsOf(server, 'kim-8'), {});
    for (const user of ['kim-8', 'lou-8']) {
      const { totalSessions, ...rest } = await exportUser(server, { userId: user });
      assert.deepEqual([totalSessions, devicesOf(rest as ExportedUser)], [1, ['phone-8']]);
    }
  });

  test('tells of a phone of somebody else: only the session on it ends', async () => {
    const on = (deviceId: string) => ({ userId: 'kim-tell', deviceId });
    const advance = async (deviceId: string) =>
      onlyElement(await leanplum(server, { action: 'advance', ...on(deviceId), state: 'reading' }));
    await call('start', on('phone-tell'));
    await call('start', on('tablet-tell'));
    await call('setUserAttributes', { userId: 'lou-tell' }, { devices: [{ deviceId: 'phone-tell' }] });
    assert.deepEqual(await advance('tablet-tell'), { success: true });
    await call('stop', on('tablet-tell'));
    // Now there is no session, so this is outside of any.
    assert.deepEqual(await advance('tablet-tell'), { success: true, isOffline: true });
    assert.deepEqual(devicesOf(await exportUser(server, { userId: 'lou-tell' })), ['phone-tell']);
  });

  test('all in one batch, sent twice: counted once', async () => {
    await track('before', { userId: 'kim-9' });
    const old = anonymous('phone-9');
    const data = [
      { action: 'start', ...old },
      { action: 'track', event: 'opened', ...old },
      { action: 'setUserAttributes', newUserId: 'kim-9', userAttributes: { a: 1 }, ...old },
      { action: 'track', event: 'opened', userId: 'kim-9', deviceId: 'phone-9' },
      { action: 'track', event: 'opened', ...old },
    ].map((it, n) => ({ ...it, uuid: 'u', reqId: `r${n}` }));
    for (let n = 0; n < 2; n++) {
      const answer = await leanplum(server, { action: 'multi', time: 0, data });
      assert.ok(
        answer.body.response.every((it) => it.success),
        answer.text,
      );
    }
    assert.deepEqual(await countsOf(server, 'kim-9'), { before: 1, opened: 3 });
  });

  const bad: readonly (readonly [name: string, newUserId: unknown, message: RegExp])[] = [
    ['too long', 'x'.repeat(1000), /newUserId/],
    ['no text', ['kim'], /newUserId/],
  ];
  for (const [name, newUserId, message] of bad) {
    test(`refuses a new id: ${name}`, async () => {
      const answer = await leanplum(server, { action: 'setUserAttributes', userId: 'kim-10', newUserId });
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.text, message);
      assert.equal((await exportUser(server, { userId: 'kim-10' })).userId, undefined);
    });
  }
});

async function customer(path: 'customers' | 'customers/events', body: Values): Promise<void> {
  const answer = await bloomreach(server, `/track/v2/projects/{token}/${path}`, body);
  assert.equal(answer.status, 200, answer.text);
}

const event = (customer_ids: Values, event_type: string, more: Values = {}) =>
  customer('customers/events', { customer_ids, event_type, ...more });
const update = (customer_ids: Values, properties: Values, update_timestamp: number) =>
  customer('customers', { customer_ids, properties, update_timestamp });

async function eventsOf(customerIds: Values): Promise<string[]> {
  return (await exportOne(server, customerIds)).events.map((it) => it.type);
}

describe('a customer', () => {
  test('named by two cookies is one: the older profile, with everything of both', async () => {
    await event({ cookie: 'a-1' }, 'first', { timestamp: 1000 });
    await event({ cookie: 'b-1' }, 'second', { timestamp: 2000 });
    await update({ cookie: 'a-1' }, { plan: 'newer', only_a: 1 }, 200);
    await update({ cookie: 'b-1' }, { plan: 'older', only_b: 1 }, 100);
    await event({ cookie: ['b-1', 'a-1'], registered: 'ann-1' }, 'third', { timestamp: 3000 });

    for (const ids of [{ cookie: 'a-1' }, { cookie: 'b-1' }, { registered: 'ann-1' }]) {
      const { properties, events, ids: shown } = await exportOne(server, ids);
      assert.deepEqual(properties, { plan: 'newer', only_a: 1, only_b: 1 });
      assert.deepEqual(
        events.map((it) => it.type),
        ['first', 'second', 'third', 'merge'],
      );
      assert.deepEqual([shown['registered'], [...(shown['cookie'] ?? [])].sort()], ['ann-1', ['a-1', 'b-1']]);
    }
    const merge = (await exportOne(server, { cookie: 'a-1' })).events[3]?.properties ?? {};
    assert.deepEqual(Object.keys(merge), ['source_ids', 'destination_ids']);
    const { source_ids: sources, destination_ids: destinations } = merge as Record<string, unknown[]>;
    assert.deepEqual([sources?.length, destinations?.length], [1, 1]);
    assert.notDeepEqual(sources, destinations);
  });

  test('does not hear of an exact repeat of what one of its parts has said', async () => {
    const stamped = { timestamp: 5000, properties: { n: 1 } };
    await event({ cookie: 'a-2' }, 'bought', stamped);
    await event({ cookie: 'b-2' }, 'seen', { timestamp: 6000 });
    await event({ cookie: ['a-2', 'b-2'] }, 'both', { timestamp: 7000 });
    await event({ cookie: 'b-2' }, 'bought', stamped);
    assert.deepEqual(await eventsOf({ cookie: 'a-2' }), ['bought', 'seen', 'both', 'merge']);
  });

  test('with a name loses a cookie to another with a name; what he did stays his', async () => {
    await event({ registered: 'ann-3', cookie: 'a-3' }, 'old');
    await event({ registered: 'bob-3', cookie: 'a-3' }, 'new');
    await event({ cookie: 'a-3' }, 'later');
    assert.deepEqual(await eventsOf({ registered: 'ann-3' }), ['old']);
    assert.deepEqual(await eventsOf({ registered: 'bob-3' }), ['new', 'later']);
    assert.deepEqual((await exportOne(server, { registered: 'ann-3' })).ids, {
      registered: 'ann-3',
      cookie: [],
    });
  });

  test('who logs in with a cookie that has a past brings it along', async () => {
    await event({ registered: 'ann-4' }, 'known');
    await event({ cookie: 'c-4' }, 'anonymous');
    await event({ registered: 'ann-4', cookie: 'c-4' }, 'login');
    assert.deepEqual(await eventsOf({ registered: 'ann-4' }), ['known', 'anonymous', 'merge', 'login']);
  });

  test('keeps 64 cookies, also of two that had more together', async () => {
    const many = (letter: string) => Array.from({ length: 40 }, (_, n) => `${letter}${n}-5`);
    await event({ registered: 'ann-5', cookie: many('a') }, 'x');
    await event({ cookie: many('b') }, 'x');
    await event({ registered: 'ann-5', cookie: 'b0-5' }, 'y');
    const { cookie } = (await exportOne(server, { registered: 'ann-5' })).ids;
    assert.equal(cookie?.length, 64);
    assert.ok(cookie?.includes('b0-5'));
  });

  test('merged within one batch: every later command finds the one', async () => {
    const data = (customer_ids: Values, event_type: string) => ({
      name: 'customers/events',
      data: { customer_ids, event_type },
    });
    const commands = [
      data({ cookie: 'a-6' }, 'one'),
      data({ cookie: 'b-6' }, 'two'),
      data({ cookie: 'b-6' }, 'three'),
      data({ cookie: ['a-6', 'b-6'] }, 'four'),
      data({ cookie: 'b-6' }, 'five'),
      data({ registered: 'ann-6', cookie: 'b-6' }, 'six'),
      data({ cookie: 'a-6' }, 'seven'),
    ];
    const answer = await bloomreach(server, '/track/v2/projects/{token}/batch', { commands });
    assert.equal(answer.status, 200, answer.text);
    const all = ['one', 'two', 'three', 'merge', 'four', 'five', 'six', 'seven'];
    assert.deepEqual(await eventsOf({ registered: 'ann-6' }), all);
    assert.deepEqual(await eventsOf({ cookie: 'b-6' }), all);
  });

  test('merged in opposite directions at the same time: one customer', async () => {
    const pairs = Array.from({ length: 20 }, (_, n) => [`a-7-${n}`, `b-7-${n}`] as const);
    await Promise.all(pairs.flat().map((cookie) => event({ cookie }, 'seen')));
    const directions = pairs.flatMap(([a, b]) => [
      [a, b],
      [b, a],
    ]);
    await Promise.all(directions.map((cookie) => event({ cookie }, 'joined')));
    for (const [a, b] of pairs) {
      const seen = (await eventsOf({ cookie: a })).sort();
      assert.deepEqual(seen, ['joined', 'joined', 'merge', 'seen', 'seen']);
      assert.deepEqual((await eventsOf({ cookie: b })).sort(), seen);
    }
  });
});

describe('both dialects', () => {
  test('a user of the app is a customer with a cookie', async () => {
    await event({ cookie: 'web-1' }, 'visited');
    await track('opened', { userId: 'both-1', deviceId: 'phone-b1' });
    await event({ registered: 'both-1', cookie: 'web-1' }, 'login');
    assert.deepEqual(await countsOf(server, 'both-1'), { visited: 1, opened: 1, merge: 1, login: 1 });
    assert.deepEqual(await eventsOf({ cookie: 'web-1' }), ['visited', 'opened', 'merge', 'login']);
    const user = await exportUser(server, { deviceId: 'phone-b1' });
    assert.deepEqual([user.userId, devicesOf(user)], ['both-1', ['phone-b1']]);
  });

  test('an anonymous app user who logs in brings along what he is as a customer', async () => {
    await event({ registered: 'both-2', cookie: 'web-2' }, 'visited');
    await call('start', anonymous('phone-b2'));
    await track('opened', anonymous('phone-b2'));
    await become('both-2', anonymous('phone-b2'));
    assert.deepEqual(await eventsOf({ cookie: 'web-2' }), ['visited', 'opened']);
    assert.deepEqual((await exportOne(server, { registered: 'both-2' })).ids, {
      registered: 'both-2',
      cookie: ['web-2'],
    });
  });
});

for (const ends of ['stop', 'kill'] as const) {
  test(`what was merged stays merged after a ${ends} and a start`, async () => {
    await using first = await startServer();
    server = first;
    await event({ cookie: 'a' }, 'one');
    await call('start', anonymous('phone'));
    await track('opened', anonymous('phone'));
    await track('known', { userId: 'kim' });
    await become('kim', anonymous('phone'), { a: 1 });
    await event({ registered: 'kim', cookie: 'a' }, 'two');
    await first[ends]();
    await using second = await startServer({ dataFolder: first.dataFolder });
    server = second;
    assert.deepEqual(await countsOf(server, 'kim'), { one: 1, opened: 1, known: 1, merge: 1, two: 1 });
    assert.deepEqual(await eventsOf({ cookie: 'a' }), ['one', 'opened', 'known', 'merge', 'two']);
    assert.equal((await exportUser(server, { deviceId: 'phone' })).userId, 'kim');
    await track('more', { deviceId: 'phone' });
    assert.equal((await countsOf(server, 'kim'))['more'], 1);
  });
}
