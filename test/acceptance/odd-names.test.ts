/**
 * Names and ids that trip programs up, as attributes, events, parameters and users: written through one dialect, read
 * through both, and read again by a second server, which knows them only from the disk.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, exportUser, onlyElement } from './wire.ts';

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'length',
  'then',
  // What a store may call its own members.
  'id',
  'identities',
  'attributes',
  'counters',
  'sessions',
  'params',
  'body',
  'null',
  'undefined',
  '0',
  '01',
  '1e3',
  'a\u0000b',
  'a\u0000c',
  'a',
  "'; DROP TABLE profiles; --",
  'a/b',
  '%00%2F',
  'é', // one character
  'e\u0301', // the same letter from two
  '😀',
  '漢字',
  'a\u2028b',
  ' a ',
] as const;

/** Both dialects want more of an id: Bloomreach a letter or digit, and not the word for nothing. */
const ids = names.filter((name) => /[\p{L}\p{N}]/u.test(name) && !/^(null|undefined)$/.test(name));

/** Objects made of entries, so that `__proto__` is a member like any other. */
const inner = (name: string) =>
  Object.fromEntries([
    ['first', 0],
    [name, [name]],
  ]);

/** What may be written through one dialect: to Leanplum a number is no name (contract 8.1). */
function writable(writer: string) {
  const written = names.filter((name) => writer !== 'Leanplum' || Number.isNaN(Number(name)));
  return { written, attributes: Object.fromEntries(written.map((name) => [name, inner(name)])) };
}

type Values = Record<string, unknown>;
const writers: Record<string, Record<'set' | 'track', (id: string, more: Values) => Promise<void>>> = {
  Leanplum: {
    async set(userId, userAttributes) {
      const answer = await leanplum(server, { action: 'setUserAttributes', userId, userAttributes });
      assert.deepEqual(onlyElement(answer), { success: true });
    },
    async track(userId, { event, params = {} }) {
      const call = { action: 'track', userId, event, params, time: 1_600_000_000 };
      assert.deepEqual(onlyElement(await leanplum(server, call)), { success: true, isOffline: true });
    },
  },
  Bloomreach: {
    async set(registered, properties) {
      const data = { customer_ids: { registered }, properties };
      const answer = await bloomreach(server, '/track/v2/projects/{token}/customers', data);
      assert.deepEqual(answer.body, { success: true, errors: [] });
    },
    async track(registered, { event, params = {} }) {
      const data = { customer_ids: { registered }, event_type: event, properties: params };
      const stamped = { ...data, timestamp: 1_600_000_000 };
      const answer = await bloomreach(server, '/track/v2/projects/{token}/customers/events', stamped);
      assert.deepEqual(answer.body, { success: true, errors: [] });
    },
  },
};

let first: Server;
/** The one in use: the first, then the one after the restart. */
let server: Server;
before(async () => {
  first = await startServer();
  server = first;
});
after(async () => {
  if (server !== first) await server[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

async function checkNames(writer: string): Promise<void> {
  const { written, attributes } = writable(writer);
  const user = await exportUser(server, { userId: `names by ${writer}` });
  assert.deepEqual(user.userAttributes, attributes);
  assert.deepEqual(
    Object.entries(user.events ?? {}).map(([name, { count }]) => [name, count]),
    // Names that look like indexes come first in every JSON object that JavaScript reads.
    Object.entries(attributes).map(([name]) => [name, 1]),
  );
  const customer = await exportOne(server, { registered: `names by ${writer}` });
  assert.deepEqual(customer.properties, attributes);
  assert.deepEqual(
    customer.events.map(({ type, properties }) => ({ type, properties })),
    written.map((name) => ({ type: name, properties: name === written[0] ? attributes : {} })),
  );
  const path = '/data/v2/projects/{token}/customers/attributes';
  const asked = written.map((property) => ({ type: 'property', property }));
  const body = { customer_ids: { registered: `names by ${writer}` }, attributes: asked };
  const values = written.map((name) => ({ success: true, value: attributes[name] }));
  assert.deepEqual((await bloomreach(server, path, body)).body.results, values);
}

async function checkUser(writer: string, id: string): Promise<void> {
  const expected = { [`by ${writer}`]: id };
  const { userId, userAttributes } = await exportUser(server, { userId: id });
  assert.equal(userId, id);
  assert.equal(
    userAttributes?.[`by ${writer}`],
    id,
    `${JSON.stringify(id)} ${JSON.stringify(userAttributes)}`,
  );
  const customer = await exportOne(server, { registered: id });
  assert.equal(customer.ids['registered'], id);
  assert.equal(customer.properties[`by ${writer}`], expected[`by ${writer}`]);
}

/** A lone surrogate cannot be stored; it has become U+FFFD wherever it stood, in both dialects alike. */
async function checkSurrogates(writer: string): Promise<void> {
  for (const id of [`lone \ufffd ${writer}`, `lone \ud800 ${writer}`, `lone \udfff ${writer}`]) {
    const { userId, userAttributes, events } = await exportUser(server, { userId: id });
    assert.equal(userId, `lone \ufffd ${writer}`);
    assert.deepEqual(userAttributes, { 'name \ufffd': 'value \ufffd 😀' });
    assert.deepEqual(Object.keys(events ?? {}), ['event \ufffd']);
    const customer = await exportOne(server, { registered: id });
    assert.deepEqual(customer.properties, { 'name \ufffd': 'value \ufffd 😀' });
    const [event] = customer.events;
    assert.deepEqual([event?.type, event?.properties], ['event \ufffd', { 'a \ufffd': ['\ufffd'] }]);
  }
}

for (const [writer, { set, track }] of Object.entries(writers)) {
  describe(`written through ${writer}`, () => {
    test('names of attributes, events and parameters', async () => {
      const user = `names by ${writer}`;
      const { written, attributes } = writable(writer);
      await set(user, attributes);
      for (const name of written)
        await track(user, { event: name, params: name === written[0] ? attributes : {} });
      await checkNames(writer);
    });

    for (const id of ids) {
      test(`the user ${JSON.stringify(id)}`, async () => {
        await set(id, { [`by ${writer}`]: id });
        await checkUser(writer, id);
      });
    }

    test('lone surrogates', async () => {
      const user = `lone \ud800 ${writer}`;
      await set(user, { 'name \udc00': 'value \udbff 😀' });
      await track(user, { event: 'event \ud8ff', params: { 'a \udddd': ['\ud800'] } });
      await checkSurrogates(writer);
    });
  });
}

describe('numbers', () => {
  const numbers: [json: string, read: number][] = [
    ['-0', 0],
    ['0.1', 0.1],
    ['1e21', 1e21],
    ['9007199254740993', 9007199254740992],
    ['123456789012345678901234567890', 123456789012345680000000000000],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', 5e-324],
    ['1e-400', 0],
  ];
  test('come back as JavaScript reads them', async () => {
    const expected = Object.fromEntries(numbers.map(([json, read]) => [`n ${json}`, read]));
    // Through text inside the JSON, so that the digits go over the wire as they stand here.
    const json = `{${numbers.map(([text]) => `"n ${text}":${text}`).join(',')}}`;
    const set = { action: 'setUserAttributes', userId: 'numbers', userAttributes: json };
    assert.deepEqual(onlyElement(await leanplum(server, set)), { success: true });
    assert.deepEqual((await exportOne(server, { registered: 'numbers' })).properties, expected);
    assert.deepEqual((await exportUser(server, { userId: 'numbers' })).userAttributes, expected);
  });
});

const largest = Number.MAX_VALUE;
const track = { action: 'track', event: 'e', value: largest };
/** Calls whose numbers leave the range of numbers when they are added or subtracted. */
const extremes: Record<string, Values> = {
  'a sum of values': { time: 1_600_000_000, data: [track, track] },
  'a sum of values, below zero': {
    time: 1_600_000_000,
    data: [track, track].map((it) => ({ ...it, value: -largest })),
  },
  'a difference of times': {
    time: largest,
    data: [
      { action: 'setUserAttributes', userAttributes: { a: 1 }, time: -largest },
      { action: 'start', userAttributes: { b: 1 }, time: -largest },
      { ...track, value: 1, time: -largest },
    ],
  },
  'a large difference of times': {
    time: 1e14,
    data: [
      { action: 'setUserAttributes', userAttributes: { a: 1 }, time: -1e14 },
      { action: 'start', userAttributes: { b: 1 }, time: -1e14 },
      { ...track, value: 1, time: -1e14 },
    ],
  },
  'a difference of times, the other way': {
    time: -largest,
    data: [
      { action: 'setUserAttributes', userAttributes: { a: 1 }, time: largest },
      { ...track, value: 1, time: largest },
    ],
  },
};
const readBefore = new Map<string, unknown>();

/** What both dialects say of a user, also when they say that nobody knows him. */
async function readBoth(userId: string): Promise<string[]> {
  const path = '/data/v2/projects/{token}/customers/export-one';
  const answers = [
    await leanplum(server, { action: 'exportUser', userId }, { key: 'dataExport' }),
    await bloomreach(server, path, { customer_ids: { registered: userId } }),
  ];
  return answers.map(({ status, text }) => {
    assert.ok(status === 200 || status === 404, `${status} ${text}`);
    return text;
  });
}

describe('numbers beyond all numbers', () => {
  for (const [userId, call] of Object.entries(extremes)) {
    test(userId, async () => {
      const answer = await leanplum(server, { action: 'multi', userId, ...call });
      assert.ok(answer.status < 500, answer.text);
      const read = await readBoth(userId);
      for (const text of read) assert.doesNotMatch(text, /"(value|timestamp|firstTime|lastTime)":null/);
      readBefore.set(userId, read);
    });
  }
});

describe('a server that knows all this only from the disk reads the same', () => {
  before(async () => {
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    server = await startServer({ dataFolder: first.dataFolder });
  });

  for (const userId of Object.keys(extremes)) {
    test(userId, async () => {
      assert.deepEqual(await readBoth(userId), readBefore.get(userId));
    });
  }

  for (const writer of Object.keys(writers)) {
    test(`users, written through ${writer}`, async () => {
      for (const id of ids) await checkUser(writer, id);
    });
    test(`lone surrogates, written through ${writer}`, () => checkSurrogates(writer));
  }
  for (const writer of Object.keys(writers)) {
    test(`names, written through ${writer}`, () => checkNames(writer));
  }

  test('and it had nothing to complain about', () => {
    assert.equal(server.stderr(), '');
  });
});
