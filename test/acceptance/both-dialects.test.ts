/**
 * One table of commands, driven through both dialects and through both in turn, and read back through both: a profile
 * is the same whoever wrote it. Leanplum's `userId` is Bloomreach's `registered`; `soft` is the device of the one and
 * the cookie of the other.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportOne, exportUser, onlyElement } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

interface Who {
  readonly user?: string | number;
  readonly soft?: string;
}
type Step =
  | (Who & { readonly set: Values })
  | (Who & { readonly track: string; readonly atSec: number; readonly params?: Values });
type Values = Record<string, unknown>;

/** What both read: attributes, and of each event its number and the first and last time. */
interface Seen {
  readonly attributes: Values;
  readonly events: Record<string, readonly [count: number, firstSec: number, lastSec: number]>;
}

interface Row {
  readonly name: string;
  /** Left out: both dialects, with the same result. */
  readonly writers?: readonly ('leanplum' | 'bloomreach')[];
  readonly steps: readonly Step[];
  readonly reads: readonly (readonly [Who, Seen])[];
}

const nothing: Seen = { attributes: {}, events: {} };
const everyType = {
  text: 'Ünï 漢 😀',
  number: -2.5,
  big: 1e21,
  yes: true,
  no: false,
  list: ['a', 1, null, [true]],
  map: { a: { b: [1] } },
  'a name.with $signs/and:more': 'x',
  empty: '',
};

const rows: Row[] = [
  {
    name: 'attributes of every type',
    steps: [{ user: 'u', set: everyType }],
    reads: [[{ user: 'u' }, { attributes: everyType, events: {} }]],
  },
  {
    name: 'no attributes',
    steps: [{ user: 'u', set: {} }],
    reads: [[{ user: 'u' }, nothing]],
  },
  {
    name: 'set, changed, added, cleared',
    steps: [
      { user: 'u', set: { a: 1, b: 1, c: 1 } },
      { user: 'u', set: { b: 'two', c: null, never: null } },
      { user: 'u', set: { d: [4] } },
    ],
    reads: [[{ user: 'u' }, { attributes: { a: 1, b: 'two', d: [4] }, events: {} }]],
  },
  {
    name: 'cleared and set again',
    steps: [
      { user: 'u', set: { a: 1 } },
      { user: 'u', set: { a: null } },
      { user: 'u', set: { a: 2 } },
    ],
    reads: [[{ user: 'u' }, { attributes: { a: 2 }, events: {} }]],
  },
  {
    name: 'an event with parameters',
    steps: [{ user: 'u', track: 'Level Complete', atSec: 1_600_000_000.25, params: everyType }],
    reads: [
      [
        { user: 'u' },
        { attributes: {}, events: { 'Level Complete': [1, 1_600_000_000.25, 1_600_000_000.25] } },
      ],
    ],
  },
  {
    name: 'tracked twice, the older one last',
    steps: [
      { user: 'u', track: 'a', atSec: 2000 },
      { user: 'u', track: 'a', atSec: 1000 },
      { user: 'u', track: 'b', atSec: 3000, params: { x: null } },
    ],
    reads: [[{ user: 'u' }, { attributes: {}, events: { a: [2, 1000, 2000], b: [1, 3000, 3000] } }]],
  },
  {
    name: 'two users',
    steps: [
      { user: 'u', set: { a: 1 } },
      { user: 'v', set: { a: 2 } },
      { user: 'u', track: 'e', atSec: 5 },
    ],
    reads: [
      [{ user: 'u' }, { attributes: { a: 1 }, events: { e: [1, 5, 5] } }],
      [{ user: 'v' }, { attributes: { a: 2 }, events: {} }],
    ],
  },
  {
    name: 'the id as a number',
    steps: [
      { user: 20250101, set: { a: 1 } },
      { user: '20250101', set: { b: 2 } },
    ],
    reads: [
      [{ user: '20250101' }, { attributes: { a: 1, b: 2 }, events: {} }],
      [{ user: 20250101 }, { attributes: { a: 1, b: 2 }, events: {} }],
    ],
  },
  {
    name: 'a soft id finds the user it was named with',
    steps: [
      { user: 'u', soft: 's', set: { a: 1 } },
      { soft: 's', set: { b: 2 } },
      { soft: 's', track: 'e', atSec: 5 },
    ],
    reads: [
      [{ user: 'u' }, { attributes: { a: 1, b: 2 }, events: { e: [1, 5, 5] } }],
      [{ soft: 's' }, { attributes: { a: 1, b: 2 }, events: { e: [1, 5, 5] } }],
    ],
  },
  {
    name: 'an anonymous user gets a name',
    steps: [
      { soft: 's', track: 'e', atSec: 5 },
      { user: 'u', soft: 's', set: { a: 1 } },
      { user: 'u', set: { b: 2 } },
    ],
    reads: [
      [{ user: 'u' }, { attributes: { a: 1, b: 2 }, events: { e: [1, 5, 5] } }],
      [{ soft: 's' }, { attributes: { a: 1, b: 2 }, events: { e: [1, 5, 5] } }],
    ],
  },
  {
    name: 'two soft ids of one user',
    steps: [
      { user: 'u', soft: 's', set: { a: 1 } },
      { user: 'u', soft: 't', set: { b: 2 } },
      { soft: 't', set: { c: 3 } },
    ],
    reads: [
      [{ soft: 's' }, { attributes: { a: 1, b: 2, c: 3 }, events: {} }],
      [{ user: 'u' }, { attributes: { a: 1, b: 2, c: 3 }, events: {} }],
    ],
  },
  {
    name: "the hard id decides over somebody else's soft id, which is its own from then on",
    steps: [
      { user: 'u', soft: 's', set: { a: 1 } },
      { user: 'v', set: { a: 2 } },
      { user: 'v', soft: 's', set: { b: 2 } },
      { user: 'new', soft: 's', set: { b: 3 } },
      { soft: 's', set: { c: 1 } },
    ],
    reads: [
      [{ user: 'u' }, { attributes: { a: 1 }, events: {} }],
      [{ user: 'v' }, { attributes: { a: 2, b: 2 }, events: {} }],
      [{ user: 'new' }, { attributes: { b: 3, c: 1 }, events: {} }],
      [{ soft: 's' }, { attributes: { b: 3, c: 1 }, events: {} }],
      [
        { user: 'u', soft: 's' },
        { attributes: { a: 1 }, events: {} },
      ],
      [
        { user: 'v', soft: 's' },
        { attributes: { a: 2, b: 2 }, events: {} },
      ],
    ],
  },
  {
    name: 'a user who has a name takes no anonymous one over, unless by a start',
    // In the other dialect they are one customer (see identity.test.ts).
    writers: ['leanplum'],
    steps: [
      { user: 'u', set: { a: 1 } },
      { soft: 's', set: { b: 1 } },
      { user: 'u', soft: 's', set: { c: 1 } },
    ],
    reads: [
      [{ user: 'u' }, { attributes: { a: 1, c: 1 }, events: {} }],
      [{ soft: 's' }, { attributes: { b: 1 }, events: {} }],
    ],
  },
];

interface Dialect {
  run(step: Step): Promise<void>;
  read(who: Who): Promise<Seen>;
  /** How this dialect shows what it read; only Leanplum has its own way, with booleans. */
  shows(value: unknown): unknown;
}

const dialects: Record<'leanplum' | 'bloomreach', Dialect> = {
  leanplum: {
    async run(step) {
      const who = { userId: step.user, deviceId: step.soft };
      const action =
        'set' in step
          ? { action: 'setUserAttributes', userAttributes: step.set }
          : { action: 'track', event: step.track, params: step.params, time: step.atSec };
      const element = onlyElement(await leanplum(server, { ...who, ...action }));
      assert.equal(element.success, true, JSON.stringify(element));
      assert.equal(element.warning, undefined);
    },
    async read(who) {
      const { userAttributes, events } = await exportUser(server, { userId: who.user, deviceId: who.soft });
      assert.ok(userAttributes !== undefined && events !== undefined, `${JSON.stringify(who)} is not known`);
      const counters = Object.entries(events).map(([name, { count, firstTime, lastTime }]) => {
        return [name, [count, Number(firstTime), Number(lastTime)]] as const;
      });
      return { attributes: userAttributes, events: Object.fromEntries(counters) };
    },
    shows(value) {
      return typeof value === 'boolean' ? (value ? 'True' : 'False') : value;
    },
  },
  bloomreach: {
    async run(step) {
      const customer_ids = { registered: step.user, cookie: step.soft };
      const route = 'set' in step ? 'customers' : 'customers/events';
      const data =
        'set' in step
          ? { customer_ids, properties: step.set }
          : { customer_ids, event_type: step.track, timestamp: step.atSec, properties: step.params };
      const answer = await bloomreach(server, `/track/v2/projects/{token}/${route}`, data);
      assert.deepEqual(answer.body, { success: true, errors: [] });
    },
    async read(who) {
      const { properties, events } = await exportOne(server, { registered: who.user, cookie: who.soft });
      // A property that was cleared may be shown as null, just as one that was never set.
      const set = Object.entries(properties).filter(([, value]) => value !== null);
      const byName = Map.groupBy(events, ({ type }) => type);
      const counters = Array.from(byName, ([name, all]) => {
        const times = all.map(({ timestamp }) => timestamp);
        return [name, [all.length, Math.min(...times), Math.max(...times)]] as const;
      });
      return { attributes: Object.fromEntries(set), events: Object.fromEntries(counters) };
    },
    shows: (value) => value,
  },
};
const names = ['leanplum', 'bloomreach'] as const;
type DialectName = (typeof names)[number];

/** Each run has users of its own. */
function within(run: string, who: Who): Who {
  return {
    ...(who.user !== undefined && { user: typeof who.user === 'number' ? who.user : own(run, who.user) }),
    ...(who.soft !== undefined && { soft: own(run, who.soft) }),
  };
}

function own(run: string, id: string): string {
  return /^\d+$/.test(id) ? id : `${run}: ${id}`;
}

function expected(seen: Seen, reader: Dialect): Seen {
  const shown = Object.entries(seen.attributes).map(([name, value]) => [name, reader.shows(value)]);
  return { attributes: Object.fromEntries(shown), events: seen.events };
}

describe('one table, each dialect', () => {
  for (const row of rows) {
    for (const writer of row.writers ?? names) {
      test(`${row.name}; written by ${writer}`, async () => {
        const run = `${row.name}, ${writer}`;
        for (const step of row.steps) await dialects[writer].run({ ...step, ...within(run, step) });
        for (const [who, seen] of row.reads) {
          // The other dialect has soft ids of its own and does not know these.
          const readers = who.soft === undefined ? names : [writer];
          for (const reader of readers) {
            const read = await dialects[reader].read(within(run, who));
            assert.deepEqual(read, expected(seen, dialects[reader]), `${JSON.stringify(who)} by ${reader}`);
          }
        }
      });
    }
  }
});

describe('one table, both dialects in turn', () => {
  const hardOnly = rows.filter(({ steps, reads }) => {
    return [...steps, ...reads.map(([who]) => who)].every(({ soft }) => soft === undefined);
  });
  for (const row of hardOnly) {
    for (const first of [0, 1]) {
      test(`${row.name}; begun by ${names[first]}`, async () => {
        const run = `${row.name}, in turn from ${first}`;
        for (const [index, step] of row.steps.entries()) {
          const writer = names[(index + first) % 2] as DialectName;
          await dialects[writer].run({ ...step, ...within(run, step) });
        }
        for (const [who, seen] of row.reads) {
          for (const reader of names) {
            const read = await dialects[reader].read(within(run, who));
            assert.deepEqual(read, expected(seen, dialects[reader]), `${JSON.stringify(who)} by ${reader}`);
          }
        }
      });
    }
  }
});

test('what one has answered the other reads at once', async () => {
  for (let round = 1; round <= 20; round++) {
    const writer = names[round % 2] as DialectName;
    await dialects[writer].run({ user: 'at once', track: 'e', atSec: round });
    assert.deepEqual(await countsOf(server, 'at once'), { e: round });
    assert.equal((await exportOne(server, { registered: 'at once' })).events.length, round);
  }
});

for (const writer of names) {
  test(`the parameters of an event come back as they were; written by ${writer}`, async () => {
    const user = `parameters, ${writer}`;
    await dialects[writer].run({ user, track: 'e', atSec: 1_600_000_000.25, params: everyType });
    const { events } = await exportOne(server, { registered: user });
    assert.deepEqual(events, [{ type: 'e', timestamp: 1_600_000_000.25, properties: everyType }]);
  });
}

test("Leanplum's parameters, value and info are the properties that Bloomreach reads", async () => {
  const track = { action: 'track', userId: 'rich event', event: 'paid', time: 1_600_000_000 };
  await leanplum(server, { ...track, value: 2.5, info: 'note', params: { level: 3 } });
  const { events } = await exportOne(server, { registered: 'rich event' });
  assert.deepEqual(events, [
    { type: 'paid', timestamp: 1_600_000_000, properties: { value: 2.5, info: 'note', level: 3 } },
  ]);
});

test('each dialect shows only its own kinds of soft id', async () => {
  await dialects.leanplum.run({ user: 'soft', soft: 'a device', set: {} });
  await dialects.bloomreach.run({ user: 'soft', soft: 'a cookie', set: {} });
  const { userId, devices } = await exportUser(server, { userId: 'soft' });
  assert.deepEqual({ userId, devices }, { userId: 'soft', devices: [{ deviceId: 'a device' }] });
  const { ids } = await exportOne(server, { registered: 'soft' });
  assert.deepEqual(ids, { registered: 'soft', cookie: ['a cookie'] });
});

test('a device and a cookie of the same name are two', async () => {
  await dialects.leanplum.run({ soft: 'same name', set: { a: 'device' } });
  await dialects.bloomreach.run({ soft: 'same name', set: { a: 'cookie' } });
  assert.deepEqual((await dialects.leanplum.read({ soft: 'same name' })).attributes, { a: 'device' });
  assert.deepEqual((await dialects.bloomreach.read({ soft: 'same name' })).attributes, { a: 'cookie' });
});

test('an old update by Bloomreach does not undo what Leanplum set since', async () => {
  await leanplum(server, {
    action: 'setUserAttributes',
    userId: 'late import',
    userAttributes: { plan: 'pro' },
  });
  const update = { customer_ids: { registered: 'late import' }, properties: { plan: 'free', city: 'Brno' } };
  await bloomreach(server, '/track/v2/projects/{token}/customers', {
    ...update,
    update_timestamp: 1_600_000_000,
  });
  const attributes = { plan: 'pro', city: 'Brno' };
  assert.deepEqual((await exportOne(server, { registered: 'late import' })).properties, attributes);
  assert.deepEqual((await exportUser(server, { userId: 'late import' })).userAttributes, attributes);
});
