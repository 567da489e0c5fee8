/** The limits that an operator sets (contract 4.2, 8.1) are in force, and only on their server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { limitSettings } from '../../src/limit-settings.ts';
import { startAppOn } from '../support/app.ts';
import { assertRefusesStart } from '../support/refused-start.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';
import { countsOf, nowSec } from './wire.ts';

type Params = Record<string, unknown>;

const environment = {
  RAPPORT_PARAMETERS: '2',
  RAPPORT_NAME_LENGTH: '5',
  RAPPORT_ID_LENGTH: '10',
  RAPPORT_VARIABLES_BYTES: '20',
  RAPPORT_BATCH_USERS: '2',
  RAPPORT_BATCH_ACTIONS: '3',
  RAPPORT_SDK_BATCH_ACTIONS: '4',
};
let narrow: Server;
let plain: Server;
before(async () => {
  [narrow, plain] = await Promise.all([startServer({ environment }), startServer()]);
});
after(() => Promise.all([narrow[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]));

const done = { success: true };
const offline = { success: true, isOffline: true };
const warned = (message: string) => ({ success: true, warning: { message } });
const refused = (message: string) => ({ success: false, error: { message } });
const userId = 'ann';
const track = { action: 'track', event: 'buy', userId };
const multi = (data: readonly Params[], outer: Params = {}) => ({
  action: 'multi',
  time: nowSec(),
  data: data.map((it) => ({ ...track, ...it })),
  ...outer,
});

interface Row {
  readonly call: Params;
  readonly status?: number;
  /** With the limits above, and with those that are the vendor's. */
  readonly narrow: unknown;
  readonly plain: unknown;
  readonly key?: 'development';
}

const rows: Readonly<Record<string, Row>> = {
  'parameters of an event': {
    call: { ...track, params: { a: 1, b: 2, c: 3 } },
    status: 400,
    narrow: [refused("'params' must have at most 2 entries.")],
    plain: [offline],
  },
  'parameters of a state': {
    call: { action: 'advance', state: 'cart', userId, params: '{"a":1,"b":2,"c":3}' },
    status: 400,
    narrow: [refused("'params' must have at most 2 entries.")],
    plain: [offline],
  },
  'as many as there may be': {
    call: { ...track, params: { a: 1, b: 2 } },
    narrow: [offline],
    plain: [offline],
  },
  'the name of an event': {
    call: { ...track, event: 'bought' },
    narrow: [warned("Invalid event name; skipped: 'bought'.")],
    plain: [offline],
  },
  'what was done with a message': {
    call: { ...track, event: 'Accept', messageId: 1 },
    narrow: [warned("Invalid event name; skipped: 'Accept'.")],
    plain: [offline],
  },
  'names in all maps': {
    call: {
      action: 'setUserAttributes',
      userId,
      userAttributes: { longer: 1, short: 1 },
      userAttributeValuesToAdd: { larger: 1 },
      events: { bought: { count: 1 } },
      states: { bought2: { count: 1 } },
    },
    narrow: [
      warned(
        "Invalid userAttribute name; skipped: 'longer'. Invalid userAttribute name; skipped: 'larger'. Invalid event name; skipped: 'bought'. Invalid state name; skipped: 'bought2'.",
      ),
    ],
    plain: [done],
  },
  'a user id': {
    call: { ...track, userId: '12345678901' },
    status: 400,
    narrow: [refused("'userId' must have at most 10 characters.")],
    plain: [offline],
  },
  'a device id': {
    call: { ...track, deviceId: '12345678901' },
    status: 400,
    narrow: [refused("'deviceId' must have at most 10 characters.")],
    plain: [offline],
  },
  'a new id': {
    call: { action: 'setUserAttributes', userId: 'new', deviceId: 'new', newUserId: '12345678902' },
    status: 400,
    narrow: [refused("'newUserId' must have at most 10 characters.")],
    plain: [done],
  },
  'the id of one more device': {
    call: { action: 'setUserAttributes', userId, devices: [{ deviceId: '12345678903' }] },
    status: 400,
    narrow: [refused("'deviceId' must have at most 10 characters.")],
    plain: [done],
  },
  'all variables': {
    call: { action: 'setVars', vars: { a: 'x'.repeat(20) } },
    status: 400,
    narrow: [refused("'vars' must have less than 20 bytes.")],
    plain: [done],
    key: 'development',
  },
  'users of a batch': {
    call: multi([{}, { userId: 'bob' }, { userId: 'cyd' }]),
    status: 403,
    narrow: [refused('Too many users in batch.')],
    plain: [offline, offline, offline],
  },
  'actions of a batch': {
    call: multi([{}, {}, {}, {}]),
    status: 403,
    narrow: [refused('Too many actions in batch.')],
    plain: [offline, offline, offline, offline],
  },
  'actions of an SDK': {
    call: multi([{}, {}, {}, {}, {}], { sdkVersion: '7.8.0' }),
    status: 403,
    narrow: [refused('Too many actions in batch.')],
    plain: [offline, offline, offline, offline, offline],
  },
  'an SDK may send more': {
    call: multi([{}, { userId: 'bob' }, { userId: 'cyd' }, {}], { sdkVersion: '7.8.0' }),
    narrow: [offline, offline, offline, offline],
    plain: [offline, offline, offline, offline],
  },
};

describe('a limit that was lowered is in force', () => {
  for (const [what, row] of Object.entries(rows)) {
    test(what, async () => {
      const options = row.key === undefined ? {} : { key: row.key };
      const [near, far] = [
        await leanplum(narrow, row.call, options),
        await leanplum(plain, row.call, options),
      ];
      assert.deepEqual([near.status, near.body.response], [row.status ?? 200, row.narrow]);
      assert.deepEqual([far.status, far.body.response], [200, row.plain]);
    });
  }
});

test('a limit that was raised is', async () => {
  const higher = { RAPPORT_PARAMETERS: '60', RAPPORT_ID_LENGTH: '1000', RAPPORT_BATCH_ACTIONS: '600' };
  await using wide = await startServer({ environment: higher });
  const params = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}`, n]));
  const long = 'x'.repeat(1000);
  const { body } = await leanplum(wide, multi(Array(600).fill({ userId: long, params })));
  assert.deepEqual(body.response, Array(600).fill(offline));
  assert.deepEqual(await countsOf(wide, long), { buy: 600 });
});

test('the time between two requests in development mode', async () => {
  const folder = newScratchFolder();
  let nowMs = 1_800_000_000_000;
  const app = await startAppOn(folder, () => nowMs, { RAPPORT_DEV_MODE_INTERVAL_MS: '5000' });
  try {
    const ask = async () => {
      const answer = await leanplum(
        { url: app.address },
        { ...track, devMode: true },
        { key: 'development' },
      );
      return [answer.status, answer.body.response[0]?.error?.message];
    };
    assert.deepEqual(await ask(), [200, undefined]);
    nowMs += 4_999;
    assert.deepEqual(await ask(), [429, 'Too Many Requests.']);
    nowMs += 1;
    assert.deepEqual(await ask(), [200, undefined]);
  } finally {
    await app.stop();
    removeScratchFolder(folder);
  }
});

describe('beyond what memory and stored lines allow the server does not start', () => {
  const { setting, max } = limitSettings.idLength;
  for (const bad of [String(max + 1), '0', 'many']) {
    const message = `${setting} must be a number from 1 to ${max}, not '${bad}'`;
    test(message, () => assertRefusesStart({ [setting]: bad }, message));
  }
});
