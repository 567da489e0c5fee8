/**
 * The bodies of the mobile SDKs as they put them on the wire (contract, appendix A), sent again after a connection that
 * was cut: whatever had become of the first try, everything counts once, and the repeat has what the SDK needs.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import type { LeanplumBody, LeanplumElement } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { countsOf, exportUser, form, nowSec, send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer({ environment: { RAPPORT_SESSION_EVENTS: '0' } });
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
type Params = Readonly<Record<string, unknown>>;

/** How an SDK writes down what JSON has types for. */
interface Sdk {
  readonly client: string;
  readonly sdkVersion: string;
  readonly time: (sec: number) => string;
  readonly boolean: (value: boolean) => unknown;
  /** Of a call without a value and without a text. */
  readonly nothing: Params;
  readonly start: Params;
}

const sdks: Readonly<Record<string, Sdk>> = {
  Android: {
    client: 'android',
    sdkVersion: '7.8.0',
    // Java's Double.toString.
    time: (sec) => `${sec / 1e9}E9`,
    boolean: String,
    nothing: { value: '0.0', info: null },
    start: {
      ct: false,
      versionName: '2.0.1',
      deviceName: 'Pixel',
      deviceModel: 'Pixel 8',
      systemName: 'Android OS',
      systemVersion: '14',
      timezone: 'Europe/Sofia',
      timezoneOffsetSeconds: '7200',
      locale: 'en_US',
      gcmRegistrationId: 'abc:def',
    },
  },
  iOS: {
    client: 'ios',
    sdkVersion: '6.6.0',
    time: (sec) => sec.toFixed(6),
    boolean: (value) => value,
    nothing: { value: 0 },
    start: {
      versionName: '2.0.1',
      deviceName: '',
      deviceModel: 'iPhone15,2',
      systemName: 'iOS',
      systemVersion: '17.1',
      timezone: 'Europe/Sofia',
      timezoneOffsetSeconds: '7200',
      locale: 'en-US_US',
      iosPushToken: 'f00d',
      iosPushTypes: 7,
      iosPushCategories: '[]',
    },
  },
  Unity: {
    client: 'unity-nativeandroid',
    sdkVersion: '5.3.0',
    time: String,
    boolean: (value) => (value ? 'True' : 'False'),
    nothing: { value: '0', info: '' },
    start: {
      versionName: '2.0.1',
      deviceName: 'Pixel',
      deviceModel: 'Pixel 8',
      systemName: 'Android OS',
      systemVersion: '14',
      timezone: 'EET',
      timezoneOffsetSeconds: '7200',
      locale: 'en_US',
    },
  },
};

// --- Bodies ---------------------------------------------------------------------------------------------------------

function uuid(text: string): string {
  return `${Buffer.from(text).toString('hex').padEnd(32, '0').slice(0, 32)}`;
}

/** A first run of the app: one stored batch, whose actions are this far apart. */
function firstRun(sdk: Sdk, user: string): Params[] {
  const ids = {
    userId: user,
    deviceId: `${user} phone`,
    devMode: sdk.boolean(false),
    sdkVersion: sdk.sdkVersion,
  };
  const now = nowSec() - 60;
  const detect = { country: '(detect)', region: '(detect)', city: '(detect)', location: '(detect)' };
  const actions: Params[] = [
    {
      action: 'start',
      ...sdk.start,
      ...detect,
      includeDefaults: sdk.boolean(false),
      includeVariantDebugInfo: sdk.boolean(false),
      background: sdk.boolean(false),
      newsfeedMessages: [],
      userAttributes: '{"plan":"pro","vip":true}',
    },
    { action: 'track', event: 'level done', ...sdk.nothing, params: '{"level":3}' },
    { action: 'track', event: 'level done', value: '2.5', info: 'info', params: '{"level":4}' },
    { action: 'advance', state: 'shop', info: null, params: '{"door":1}' },
    { action: 'track', event: 'Purchase', value: '9.99', params: '{"item":"A1"}' },
    { action: 'setUserAttributes', userAttributes: '{"coins":7,"plan":"gold"}' },
    { action: 'pauseSession' },
    { action: 'resumeSession' },
    { action: 'getNewsfeedMessages' },
    { action: 'heartbeat' },
  ];
  return actions.map((action, n) => {
    const marks = { reqId: uuid(`${user} ${n}`), uuid: uuid(`${user} batch`), time: sdk.time(now + n) };
    return { ...action, ...ids, ...marks };
  });
}

function body(sdk: Sdk, data: readonly Params[]): string {
  const { client, sdkVersion } = sdk;
  const call = { appId, clientKey: keys.production, client, sdkVersion, action: 'multi' };
  return form({ ...call, time: sdk.time(nowSec()), data: JSON.stringify({ data }) });
}

// --- Connections ----------------------------------------------------------------------------------------------------

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' };

async function post(text: string): Promise<LeanplumElement[]> {
  const answer = await send<LeanplumBody>(server, '/api', { headers: formHeaders, body: text });
  assert.equal(answer.status, 200, answer.text.slice(0, 500));
  return answer.body.response;
}

/** Sends this much of a call on a connection of its own, and never reads. */
function begin(text: string, share: number): Socket {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const head = `POST /api HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${formHeaders['content-type']}\r\n`;
  const length = Buffer.byteLength(text);
  socket.write(`${head}Content-Length: ${length}\r\n\r\n${text.slice(0, Math.floor(length * share))}`);
  return socket;
}

/** The body arrived and was carried out, and the connection was cut before the answer was read. */
async function cutAfter(text: string, userId: string, event: string, count: number): Promise<void> {
  const socket = begin(text, 1);
  await until(async () => (await countsOf(server, userId))[event] === count, 'the actions were carried out');
  socket.destroy();
}

// --- Tests ----------------------------------------------------------------------------------------------------------

const content = {
  vars: {},
  variants: [],
  messages: {},
  regions: {},
  interfaceRules: [],
  interfaceEvents: [],
};

/** One element for each action, in their order, each with its `reqId`; the content of a start is whole. */
function assertAnswers(elements: readonly LeanplumElement[], data: readonly Params[]): void {
  assert.equal(elements.length, data.length);
  for (const [n, element] of elements.entries()) {
    const { action, reqId } = data[n] ?? {};
    const { token, ...rest } = element as LeanplumElement & { token?: string };
    const more: Params =
      action === 'start'
        ? { ...content, syncNewsfeed: false }
        : action === 'getNewsfeedMessages'
          ? { newsfeedMessages: {} }
          : {};
    assert.deepEqual(rest, { success: true, ...more, reqId });
    assert.equal(typeof token, action === 'start' ? 'string' : 'undefined');
  }
}

async function assertFirstRun(user: string): Promise<void> {
  const shown = await exportUser(server, { userId: user });
  const { userAttributes, events = {}, states = {}, totalSessions, devices } = shown;
  assert.deepEqual(userAttributes, { plan: 'gold', vip: 'True', coins: 7 });
  const counters = Object.entries(events).map(([name, { count, value }]) => [name, count, value]);
  assert.deepEqual(counters, [
    ['level done', 2, 2.5],
    ['Purchase', 1, 9.99],
  ]);
  assert.deepEqual(
    Object.entries(states).map(([name, { count }]) => [name, count]),
    [['shop', 1]],
  );
  assert.deepEqual([totalSessions, devices?.map(({ deviceId }) => deviceId)], [1, [`${user} phone`]]);
}

for (const [name, sdk] of Object.entries(sdks)) {
  describe(`the ${name} SDK`, () => {
    test('is answered what it needs, and stores what it sent', async () => {
      const data = firstRun(sdk, `${name} once`);
      assertAnswers(await post(body(sdk, data)), data);
      await assertFirstRun(`${name} once`);
      const { devices } = await exportUser(server, { userId: `${name} once` });
      const { versionName, ct, locale, timezone, timezoneOffsetSeconds, ...device } = sdk.start;
      const known = { deviceId: `${name} once phone`, appVersion: versionName, ...device };
      const texts = Object.entries(known).filter(([, value]) => value !== '');
      assert.deepEqual(devices, [Object.fromEntries(texts.map(([fact, value]) => [fact, String(value)]))]);
    });

    test('sends again what it has no answer for: it counts once, and start has its content', async () => {
      const user = `${name} again`;
      const data = firstRun(sdk, user);
      await cutAfter(body(sdk, data), user, 'Purchase', 1);
      for (const _ of [1, 2]) assertAnswers(await post(body(sdk, data)), data);
      await assertFirstRun(user);
    });

    test('cut while it sends: nothing of it counts until it is sent again', async () => {
      const user = `${name} half`;
      const data = firstRun(sdk, user);
      const socket = begin(body(sdk, data), 0.7);
      await new Promise((done) => socket.once('connect', done));
      socket.destroy();
      assert.deepEqual(await countsOf(server, user), {});
      assertAnswers(await post(body(sdk, data)), data);
      await assertFirstRun(user);
    });

    test('what was stored meanwhile goes along with the repeat, and only that is new', async () => {
      const user = `${name} more`;
      const data = firstRun(sdk, user);
      await cutAfter(body(sdk, data), user, 'Purchase', 1);
      const later = data
        .slice(1, 3)
        .map((it, n) => ({ ...it, reqId: uuid(`late ${n}`), uuid: uuid(`${user} 2`) }));
      assertAnswers(await post(body(sdk, [...data, ...later])), [...data, ...later]);
      const { events, totalSessions } = await exportUser(server, { userId: user });
      const { count, value } = events?.['level done'] ?? {};
      assert.deepEqual([count, value, totalSessions], [4, 5, 1]);
    });
  });
}

test('10,000 stored actions, sent again after a cut: each counts once', async () => {
  const sdk = sdks['Android'] ?? assert.fail();
  const user = 'Android all';
  const [start = {}, track = {}] = firstRun(sdk, user);
  const tracks = Array.from({ length: 9_999 }, (_, n) => ({ ...track, reqId: uuid(`a ${n}`) }));
  const data = [start, ...tracks];
  await cutAfter(body(sdk, data), user, 'level done', 9_999);
  assertAnswers(await post(body(sdk, data)), data);
  const { events, totalSessions } = await exportUser(server, { userId: user });
  assert.deepEqual([events?.['level done']?.count, totalSessions], [9_999, 1]);
});
