/**
 * What is activity, and what is written down of sessions and states (contract 3): over HTTP, with a clock that the test
 * moves, read back from `exportUser` and from the history.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { App } from '../../src/app.ts';
import type { Line } from '../../src/core/line.ts';
import { startAppOn } from '../support/app.ts';
import { show } from '../support/folded.ts';
import { type LeanplumElement, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder } from '../support/server.ts';
import { exportUser } from './wire.ts';

type Params = Record<string, unknown>;
const folder = newScratchFolder();
const beginSec = 1_800_000_000;
let nowSec = beginSec;
let app: App;
before(async () => {
  app = await startAppOn(folder, () => nowSec * 1000);
});
after(async () => {
  await app.stop();
  removeScratchFolder(folder);
});

const done = { success: true };
const offline = { success: true, isOffline: true };
const minute = 60;
const hour = 60 * minute;

/** A user of his own with a device. */
function newUser(name: string) {
  const ids = { userId: name, deviceId: `${name}'s phone` };
  const server = { url: app.address };
  const call = async (action: string, params: Params = {}): Promise<LeanplumElement> => {
    const answer = await leanplum(server, { action, ...ids, ...params });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.response[0] as LeanplumElement;
  };
  return {
    ids,
    call,
    /** Without what it answers: that is content. */
    start: async (params: Params = { sdkVersion: '7.8.0' }) => {
      assert.equal((await call('start', params)).success, true);
    },
    /** What an SDK has stored, each at its time. */
    sends: async (actions: readonly (readonly [atSec: number, action: string, params?: Params])[]) => {
      const data = actions.map(([time, action, params]) => ({ action, ...ids, time, ...params }));
      const outer = { action: 'multi', time: nowSec, sdkVersion: '7.8.0', data };
      const { body } = await leanplum(server, outer);
      return body.response.map((it, n) => (data[n]?.action === 'start' ? { success: it.success } : it));
    },
    times: async () => {
      const { totalSessions, timeSpentInApp, lastActive } = await exportUser(server, { userId: name });
      return [totalSessions, timeSpentInApp, lastActive === null ? null : Number(lastActive) - beginSec];
    },
    /** The lines of these kinds, oldest first. */
    lines: async <Kind extends Line['kind']>(...kinds: Kind[]) => {
      const { history } = (await show(join(folder, 'data'), 'user', name)) ?? assert.fail();
      const isOne = (line: Line): line is Extract<Line, { kind: Kind }> => kinds.includes(line.kind as Kind);
      return history.filter(isOne).toReversed();
    },
  };
}

const changes: readonly (readonly [action: string, params: Params])[] = [
  ['setUserAttributes', { userAttributes: { plan: 'pro' } }],
  ['setUserAttributes', { locale: 'en_US' }],
  ['setUserAttributes', { location: '42.7,23.3', city: 'Sofia' }],
  ['setUserAttributes', { unsubscribeChannelsToAdd: 'Email' }],
  ['setUserAttributes', { events: { look: { count: 5 } } }],
  ['setUserAttributes', { timeSpentInApp: 0 }],
  ['setUserAttributes', { devices: [{ deviceId: 'tablet' }] }],
  ['setUserAttributes', {}],
  ['setDeviceAttributes', { systemVersion: '15' }],
  ['setTrafficSourceInfo', { trafficSource: { publisherName: 'Ads' } }],
];

describe('a change of the user', () => {
  for (const [index, [action, params]] of changes.entries()) {
    test(`${action} ${JSON.stringify(params)}: in a session it is activity, said twice as well`, async () => {
      nowSec = beginSec;
      const { call, start, times } = newUser(`changed ${index}`);
      await start();
      for (const _ of [1, 2]) {
        nowSec += 90 * minute;
        assert.deepEqual(
          await call(action, { ...params, devices: params['devices'] && [{ deviceId: `t${index}` }] }),
          done,
        );
        assert.equal((await times())[2], nowSec - beginSec);
      }
      nowSec += 90 * minute;
      assert.deepEqual(await call('track', { event: 'look' }), done, 'it is the same session');
      await call('stop');
      assert.deepEqual(await times(), [1, 4.5 * hour, 4.5 * hour]);
    });

    test(`${action} ${JSON.stringify(params)}: outside of a session, or in a pause, it is none`, async () => {
      nowSec = beginSec;
      const { call, start, times } = newUser(`idle ${index}`);
      await call(action, params);
      assert.equal((await times())[2], null);
      await start();
      await call('pauseSession');
      nowSec += 20 * minute;
      assert.deepEqual(await call(action, params), done);
      assert.equal((await times())[2], 0);
      nowSec += 20 * minute;
      await call('resumeSession');
      assert.deepEqual((await times()).slice(0, 2), [2, 0], 'the pause was too long: another session');
    });
  }

  test('of a user who is named alone is in the session he is in, also with what it says of another device', async () => {
    nowSec = beginSec;
    const { call, start, times } = newUser('alone');
    await start();
    nowSec += minute;
    const devices = [{ deviceId: 'a desk', appVersion: '1' }];
    await call('setUserAttributes', { deviceId: null, userAttributes: { plan: 'pro' }, devices });
    assert.deepEqual(await times(), [1, 0, minute]);
  });

  test('that a phone sends hours later has its time', async () => {
    nowSec = beginSec + 10 * hour;
    const { sends, times } = newUser('late');
    const at = beginSec;
    const elements = await sends([
      [at, 'start'],
      [at + 10, 'setDeviceAttributes', { systemVersion: '15' }],
      [at + 20, 'setUserAttributes', { locale: 'en_US', events: { look: { countIncrement: 2 } } }],
      [at + 30, 'setTrafficSourceInfo', { trafficSource: { publisherName: 'Ads' } }],
      [at + 40, 'track', { event: 'look' }],
      [at + 50, 'stop'],
    ]);
    assert.deepEqual(elements, Array(6).fill(done));
    assert.deepEqual(await times(), [1, 50, 50]);
  });
});

describe('an event', () => {
  test('that is passive is in the session, and no activity', async () => {
    nowSec = beginSec;
    const { call, start, times, lines } = newUser('reached');
    await start();
    nowSec += hour;
    assert.deepEqual(await call('track', { event: 'push', disposition: 'passive' }), done);
    assert.equal((await times())[2], 0);
    nowSec += hour + 1;
    assert.deepEqual(await call('track', { event: 'late' }), offline, 'two hours after the start');
    assert.deepEqual(await times(), [1, 0, 0]);
    const [session] = await lines('session_opened');
    const events = await lines('event');
    assert.deepEqual(
      events.map((it) => [it.name, it.session, it.passive]),
      [
        ['push', session?.id, true],
        ['late', null, false],
      ],
    );
  });

  test('outside of a session leaves lastActive alone, whatever it says of itself', async () => {
    nowSec = beginSec;
    const { call, start, times } = newUser('absent');
    await start();
    await call('stop');
    nowSec += minute;
    for (const disposition of ['active', 'passive']) {
      assert.deepEqual(await call('track', { event: 'a', disposition }), offline);
    }
    assert.deepEqual(await times(), [1, 0, 0]);
  });
});

describe('a session', () => {
  const rows: readonly (readonly [ended: 'active' | 'paused', afterSec: number, sessions: number])[] = [
    ['active', 2 * hour, 1],
    ['active', 2 * hour + 1, 2],
    ['paused', 30 * minute, 1],
    ['paused', 30 * minute + 1, 2],
  ];
  for (const [phase, afterSec, sessions] of rows) {
    test(`${phase}, resumed after ${afterSec} s`, async () => {
      nowSec = beginSec;
      const { call, start, times } = newUser(`${phase} ${afterSec}`);
      await start();
      if (phase === 'paused') await call('pauseSession');
      nowSec += afterSec;
      await call('resumeSession');
      const isSame = sessions === 1;
      nowSec += minute;
      await call('stop');
      const spent = (isSame && phase === 'active' ? afterSec : 0) + minute;
      assert.deepEqual(await times(), [sessions, spent, afterSec + minute]);
    });
  }

  test('says what was counted before it, and whether it is billed', async () => {
    nowSec = beginSec;
    const { call, start, lines } = newUser('billed');
    await start();
    await call('track', { event: 'look' });
    await call('track', { event: 'buy' });
    await call('advance', { state: 'menu' });
    nowSec += minute;
    await call('pauseSession');
    nowSec += minute;
    await call('resumeSession');
    await call('stop');
    // Less than 30 minutes after the latest pause on the device, and later.
    for (const passSec of [28 * minute, 30 * minute]) {
      nowSec += passSec;
      await start();
      await call('stop');
    }
    await start({ sdkVersion: '7.8.0', background: true });
    await call('resumeSession');
    const opened = await lines('session_opened', 'session_resumed');
    const none = { events: 0, states: 0, sessions: 0, spentSec: 0 };
    const first = { events: 2, states: 1, sessions: 1, spentSec: minute };
    assert.deepEqual(
      opened.map((it) => (it.kind === 'session_opened' ? [it.prior, it.billed, it.background] : [it.billed])),
      [
        [none, true, false],
        [false],
        [first, false, false],
        [{ ...first, sessions: 2 }, true, false],
        [{ ...first, sessions: 3 }, false, true],
        [true],
      ],
    );
  });
});

describe('a state', () => {
  test('has a clock of its own, which pauses with the session, and holds the events meanwhile', async () => {
    nowSec = beginSec;
    const { call, start, lines } = newUser('stated');
    const pass = (sec: number, action: string, params: Params = {}) => {
      nowSec += sec;
      return call(action, params);
    };
    await start();
    await pass(1, 'track', { event: 'before' });
    await pass(1, 'advance', { state: 'menu', info: 'main', params: { level: 3 } });
    await pass(10, 'pauseState');
    await pass(100, 'track', { event: 'within' });
    await pass(100, 'resumeState');
    await pass(10, 'pauseSession');
    await pass(100, 'resumeSession');
    await pass(10, 'advance', { state: 'cart' });
    await pass(5, 'track', { event: 'within' });
    await pass(5, 'advance', { state: '' });
    await pass(5, 'track', { event: 'after' });
    await pass(5, 'stop');

    const entered = await lines('state_entered');
    assert.deepEqual(
      entered.map((it) => [it.name, it.info, it.params]),
      [
        ['menu', 'main', { level: 3 }],
        ['cart', null, {}],
      ],
    );
    const [menu, cart] = entered.map((it) => it.id);
    const left = await lines('state_left');
    assert.deepEqual(
      left.map((it) => [it.state, it.spentSec]),
      [
        [menu, 30],
        [cart, 10],
      ],
    );
    const events = await lines('event');
    assert.deepEqual(
      events.map((it) => [it.name, it.state]),
      [
        ['before', null],
        ['within', menu],
        ['within', cart],
        ['after', null],
      ],
    );
    const [ended] = await lines('session_ended');
    assert.equal(ended?.spentSec, 2 + 10 + 100 + 100 + 10 + 10 + 5 + 5 + 5 + 5);
  });

  test('ends with its session, at its last activity', async () => {
    nowSec = beginSec;
    const { call, start, lines } = newUser('left');
    await start();
    await call('advance', { state: 'menu' });
    nowSec += minute;
    await call('heartbeat');
    nowSec += 3 * hour;
    assert.deepEqual(await call('advance', { state: 'cart' }), offline);
    const [menu, ...more] = await lines('state_left');
    assert.deepEqual(
      [menu?.name, menu?.spentSec, menu?.timeSec, more],
      ['menu', minute, beginSec + minute, []],
    );
  });
});
