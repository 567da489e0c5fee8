/** Sessions, states and the calls of a running app over HTTP: their literal answers, alone and in `multi`, and what they count. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type LeanplumElement, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportUser, form, isNear, nowSec, onlyElement, send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

type Params = Record<string, unknown>;

async function multi(data: readonly Params[], outer: Params = {}): Promise<LeanplumElement[]> {
  const answer = await leanplum(server, { action: 'multi', time: nowSec(), data, ...outer });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.response.length, data.length);
  return answer.body.response;
}

async function call(params: Params): Promise<LeanplumElement> {
  return onlyElement(await leanplum(server, params));
}

// --- The answers ----------------------------------------------------------------------------------------------------

const done = { success: true };
const skipped = { success: true, warning: { message: 'User not found; request skipped.' } };
const content = {
  vars: {},
  messages: {},
  variants: [],
  regions: {},
  interfaceRules: [],
  interfaceEvents: [],
};
const migrateHash = '0'.repeat(64);
const stay = { sdk: 'lp', sha256: migrateHash, state: 'NONE', api: { profile: 'lp', events: 'lp' } };

interface Expected {
  /** To a user with an active session, to one without a session, and to nobody we know. */
  readonly active: unknown;
  readonly idle?: unknown;
  readonly unknown: unknown;
  /** Without a user; left out: refused. */
  readonly nobody?: unknown;
}

const plain: Expected = { active: done, unknown: skipped };
const actions: readonly (readonly [params: Params & { action: string }, expected: Expected])[] = [
  [{ action: 'stop' }, plain],
  [{ action: 'pauseSession' }, plain],
  [{ action: 'resumeSession' }, plain],
  [{ action: 'heartbeat' }, plain],
  [{ action: 'pauseState' }, plain],
  [{ action: 'resumeState' }, plain],
  [
    { action: 'advance', state: 'cart', info: 'i', params: '{"n":1}' },
    { active: done, idle: { success: true, isOffline: true }, unknown: skipped },
  ],
  [{ action: 'advance', state: '' }, plain],
  [{ action: 'advance', state: null }, plain],
  [{ action: 'advance' }, plain],
  [
    { action: 'getVars' },
    {
      active: { success: true, ...content },
      unknown: { ...skipped, ...content },
      nobody: { success: true, ...content },
    },
  ],
  [
    { action: 'getVars', includeVariantDebugInfo: 'true', includeDefaults: false, newsfeedMessages: [] },
    {
      active: { success: true, ...content, variantDebugInfo: { abTests: [] } },
      unknown: { ...skipped, ...content, variantDebugInfo: { abTests: [] } },
      nobody: { success: true, ...content, variantDebugInfo: { abTests: [] } },
    },
  ],
  [
    { action: 'getNewsfeedMessages' },
    { active: { success: true, newsfeedMessages: {} }, unknown: { success: true, newsfeedMessages: {} } },
  ],
  [{ action: 'markNewsfeedMessageAsRead', newsfeedMessageId: '1##2' }, plain],
  [{ action: 'deleteNewsfeedMessage', newsfeedMessageId: '1##2' }, plain],
  [
    { action: 'log', type: 'sdkLog', message: 'm', versionName: '1', stackTrace: 's' },
    { ...plain, nobody: done },
  ],
  [
    { action: 'log', type: 'sdkCount', name: 'n', count: '2' },
    { ...plain, nobody: done },
  ],
  [
    { action: 'getMigrateState' },
    {
      active: { success: true, ...stay },
      unknown: { success: true, ...stay },
      nobody: { success: true, ...stay },
    },
  ],
  [
    { action: 'track', event: 'a', disposition: 'passive' },
    { active: done, idle: { success: true, isOffline: true }, unknown: { success: true, isOffline: true } },
  ],
  [
    { action: 'track', event: 'a', disposition: 'requireActive' },
    {
      active: done,
      idle: { success: true, ignored: true, warning: { message: 'No active session; event ignored.' } },
      unknown: { success: true, ignored: true, warning: { message: 'No active session; event ignored.' } },
    },
  ],
];

describe('the literal answer, alone and in multi, of', () => {
  for (const [index, [params, expected]] of actions.entries()) {
    const { action } = params;
    test(`${JSON.stringify(params)}`, async () => {
      const refused = { success: false, error: { message: 'Invalid app/user combination' } };
      const { active, idle = active, unknown, nobody = refused } = expected;
      for (const form of ['alone', 'multi'] as const) {
        const name = `${index} ${form}`;
        await call({ action: 'start', userId: `active ${name}`, deviceId: `d ${name}` });
        await call({ action: 'setUserAttributes', userId: `idle ${name}` });
        const rows: readonly [ids: Params, element: unknown][] = [
          [{ userId: `active ${name}`, deviceId: `d ${name}` }, active],
          [{ userId: `idle ${name}` }, idle],
          [{ userId: `unknown ${name}` }, unknown],
          [{}, nobody],
        ];
        if (form === 'alone') {
          for (const [ids, element] of rows) {
            const answer = await leanplum(server, { ...params, ...ids, reqId: 'r' });
            assert.deepEqual(
              answer.body,
              { response: [{ ...(element as object), reqId: 'r' }] },
              answer.text,
            );
            assert.equal(answer.status, element === refused ? 400 : 200);
          }
        } else {
          const elements = await multi(rows.map(([ids], n) => ({ ...params, ...ids, reqId: `r${n}` })));
          const wanted = rows.map(([, element], n) => ({ ...(element as object), reqId: `r${n}` }));
          assert.deepEqual(elements, wanted);
        }
        const { warning } = await exportUser(server, { userId: `unknown ${name}` });
        const isCreated = action === 'track' && params['disposition'] === 'passive';
        assert.equal(warning === undefined, isCreated, 'nobody is created who should not be');
      }
    });
  }

  test('start, also to a repeat', async () => {
    const start = {
      action: 'start',
      userId: 'full',
      deviceId: 'full',
      uuid: 'u',
      reqId: 'r',
      background: 'False',
    };
    for (const _ of [1, 2]) {
      const [element] = await multi([{ ...start, includeVariantDebugInfo: 1 }], { sdkVersion: '7.8.0' });
      const { token, ...rest } = element as LeanplumElement & { token: string };
      assert.match(token, /^[\w-]{43}$/);
      const debug = { variantDebugInfo: { abTests: [] } };
      assert.deepEqual(rest, { success: true, ...content, ...debug, syncNewsfeed: false, reqId: 'r' });
    }
    assert.equal((await exportUser(server, { userId: 'full' })).totalSessions, 1);
  });
});

describe('every one of them', () => {
  test('creates an unknown user when it is told to', async () => {
    for (const [index, [params]] of actions.entries()) {
      if (['getMigrateState', 'getNewsfeedMessages', 'track'].includes(params.action)) continue;
      const userId = `created ${index}`;
      const element = await call({ ...params, userId, createDisposition: 'CreateIfNeeded' });
      assert.equal(element.warning, undefined);
      assert.equal((await exportUser(server, { userId })).userId, userId);
    }
  });

  test('takes the production or the development key, and no other', async () => {
    for (const [index, [params]] of actions.entries()) {
      for (const key of ['dataExport', 'contentReadOnly'] as const) {
        const answer = await leanplum(server, { ...params, userId: 'u' }, { key });
        assert.deepEqual(onlyElement(answer), { success: false, error: { message: 'Invalid access key' } });
        assert.equal(answer.status, 403);
      }
      const answer = await leanplum(
        server,
        { ...params, userId: `developer ${index}`, devMode: true },
        { key: 'development' },
      );
      assert.equal(onlyElement(answer).success, true, answer.text);
      const forbidden = await leanplum(server, { ...params, userId: 'u', devMode: true });
      const message = 'Development mode requested but not permitted';
      assert.deepEqual(onlyElement(forbidden), { success: false, error: { message } });
    }
  });

  test('works by GET', async () => {
    const { appId, keys } = demoProject.leanplum;
    for (const [params] of actions) {
      const query = form({ appId, clientKey: keys.production, userId: 'getter', ...params });
      const answer = await send<{ response: LeanplumElement[] }>(server, `/api?${query}`);
      assert.equal(onlyElement(answer).success, true, answer.text);
    }
  });

  const mistyped: readonly [params: Params, message: string][] = [
    [{ action: 'stop', time: [] }, "'time' is invalid."],
    [{ action: 'heartbeat', time: 'soon' }, "'time' is invalid."],
    [{ action: 'advance', state: {} }, "'state' is invalid."],
    [{ action: 'advance', state: 's', params: 5 }, "'params' is invalid."],
    [{ action: 'advance', state: 's', params: '[1]' }, "'params' is invalid."],
    [
      {
        action: 'advance',
        state: 's',
        params: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, n])),
      },
      "'params' must have at most 50 entries.",
    ],
    [{ action: 'start', background: [] }, "'background' is invalid."],
    [{ action: 'track', event: 'a', disposition: 'sometimes' }, "'disposition' is invalid."],
    [{ action: 'markNewsfeedMessageAsRead' }, "'newsfeedMessageId' must be provided"],
    [{ action: 'deleteNewsfeedMessage', newsfeedMessageId: '' }, "'newsfeedMessageId' must be provided"],
    [{ action: 'deleteNewsfeedMessage', newsfeedMessageId: [] }, "'newsfeedMessageId' is invalid."],
  ];
  test('refuses what it cannot read, for itself alone', async () => {
    await call({ action: 'start', userId: 'clumsy' });
    for (const [params, message] of mistyped) {
      const answer = await leanplum(server, { ...params, userId: 'clumsy' });
      assert.deepEqual(onlyElement(answer), { success: false, error: { message } });
      assert.equal(answer.status, 400);
    }
    const elements = await multi(
      mistyped.flatMap(([params]) => [params, { action: 'heartbeat' }]),
      {
        userId: 'clumsy',
      },
    );
    const wanted = mistyped.flatMap(([, message]) => [{ success: false, error: { message } }, done]);
    assert.deepEqual(elements, wanted);
  });
});

describe('migrateState', () => {
  const heartbeat = { action: 'heartbeat', userId: 'migrant' };
  test('stands beside the answers of multi to an SDK, and nowhere else', async () => {
    const time = nowSec();
    const bySdk = await leanplum(server, {
      action: 'multi',
      time,
      sdkVersion: '7.8.0',
      data: [{ action: 'getMigrateState', userId: 'm', reqId: 'r' }, heartbeat, { action: 'x' }],
    });
    assert.deepEqual(bySdk.body, {
      response: [
        { success: true, ...stay, reqId: 'r' },
        skipped,
        { success: false, error: { message: 'Action not found' } },
      ],
      migrateState: { sha256: migrateHash },
    });
    for (const params of [
      { action: 'multi', time, data: [heartbeat] },
      { ...heartbeat, sdkVersion: '7.8.0' },
      { action: 'multi', time, data: 5, sdkVersion: '7.8.0' },
    ]) {
      const answer = await leanplum(server, params);
      assert.deepEqual(Object.keys(answer.body), ['response'], answer.text);
    }
  });

  test('also in the answer kept for a repeat', async () => {
    const call = { action: 'multi', time: 1, sdkVersion: '7.8.0', data: [{ ...heartbeat, action: 'start' }] };
    const headers = { 'idempotency-key': 'migrant' };
    const first = await leanplum(server, call, { headers });
    assert.ok(first.text.endsWith(`],"migrateState":{"sha256":"${migrateHash}"}}`), first.text);
    assert.equal((await leanplum(server, call, { headers })).text, first.text);
  });
});

// --- What they count ------------------------------------------------------------------------------------------------

describe('a session', () => {
  test('that a phone sends hours later has the times its user had', async () => {
    const now = nowSec();
    const ids = { userId: 'late', deviceId: 'late phone' };
    const at = (agoSec: number, params: Params) => ({ ...ids, ...params, time: now - agoSec });
    const elements = await multi(
      [
        at(10_000, { action: 'start' }),
        at(9_990, { action: 'advance', state: 'menu' }),
        at(9_970, { action: 'track', event: 'look' }),
        at(9_960, { action: 'advance', state: 'cart' }),
        at(9_950, { action: 'pauseSession' }),
        at(9_940, { action: 'track', event: 'push' }),
        at(9_900, { action: 'resumeSession' }),
        at(9_890, { action: 'stop' }),
        at(9_880, { action: 'track', event: 'push' }),
        at(20, { action: 'resumeSession' }),
        at(5, { action: 'advance', state: 'cart' }),
      ],
      { time: now, sdkVersion: '7.8.0' },
    );
    const offline = { success: true, isOffline: true };
    assert.deepEqual(elements.slice(1), [done, done, done, done, offline, done, done, offline, done, done]);
    const user = await exportUser(server, { userId: 'late' });
    assert.equal(user.totalSessions, 2);
    isNear(user.timeSpentInApp, 60, 0.01);
    isNear(user.lastActive, now - 5);
    assert.deepEqual(await countsOf(server, 'late'), { look: 1, push: 2 });
    const { menu, cart } = user.states ?? {};
    assert.deepEqual([menu?.count, cart?.count], [1, 2]);
    isNear(cart?.firstTime, now - 9_960);
    isNear(cart?.lastTime, now - 5);
    assert.deepEqual(Object.keys(cart ?? {}), ['count', 'firstTime', 'lastTime']);
  });

  test('of the background counts when it is resumed', async () => {
    const ids = { userId: 'sleeper', deviceId: 'sleeper phone' };
    await multi([{ ...ids, action: 'start', background: 'true' }], { sdkVersion: '7.8.0' });
    const before = await exportUser(server, ids);
    assert.deepEqual([before.totalSessions, before.lastActive], [0, null]);
    assert.deepEqual(await call({ ...ids, action: 'track', event: 'a', allowOffline: 'true' }), {
      success: true,
      isOffline: true,
    });
    await call({ ...ids, action: 'resumeSession' });
    assert.deepEqual(await call({ ...ids, action: 'track', event: 'a' }), done);
    const user = await exportUser(server, ids);
    assert.equal(user.totalSessions, 1);
    isNear(user.lastActive, nowSec());
  });

  test('is one for each SDK pair, however often it is sent', async () => {
    const ids = { userId: 'repeater', deviceId: 'repeater phone', uuid: 'batch' };
    const data = ['start', 'pauseSession', 'resumeSession', 'heartbeat', 'stop'].map((action) => ({
      ...ids,
      action,
      reqId: action,
    }));
    const state = { ...ids, action: 'advance', state: 'menu', reqId: 'state' };
    for (const _ of [1, 2, 3]) await multi([...data, state], { sdkVersion: '7.8.0' });
    const user = await exportUser(server, ids);
    assert.equal(user.totalSessions, 1);
    assert.equal(user.states?.['menu']?.count, 1);
  });

  test('that an event needed and did not find is not there for its repeat', async () => {
    const ids = { userId: 'early', deviceId: 'early phone', uuid: 'early' };
    const event = { ...ids, action: 'track', event: 'a', disposition: 'requireActive', reqId: 'event' };
    const start = { ...ids, action: 'start', reqId: 'start' };
    for (const _ of [1, 2]) await multi([event, start], { sdkVersion: '7.8.0' });
    assert.deepEqual(await countsOf(server, 'early'), {});
  });

  test('without a device is that of the user; a backend may steer it', async () => {
    const userId = 'remote';
    await call({ action: 'start', userId });
    await call({ action: 'pauseSession', userId });
    assert.deepEqual(await call({ action: 'track', userId, event: 'a' }), { success: true, isOffline: true });
    await call({ action: 'start', userId });
    assert.deepEqual(await call({ action: 'track', userId, event: 'a' }), done);
    await call({ action: 'stop', userId });
    assert.deepEqual(await call({ action: 'track', userId, event: 'a' }), { success: true, isOffline: true });
    assert.equal((await exportUser(server, { userId })).totalSessions, 1);
  });
});
