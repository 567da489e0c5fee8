/** What Bloomreach commands do to a customer, and how it reads back: ids, properties, events, times, limits. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, isNear, nowSec } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';
const done = { success: true, errors: [] };

/** A single route that succeeds. */
async function write(route: 'customers' | 'customers/events', body: Json): Promise<void> {
  const answer = await bloomreach(server, `${track}/${route}`, body);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body, done);
}

async function batch(commands: { name: string; data: Json }[]) {
  const answer = await bloomreach(server, `${track}/batch`, { commands });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.results ?? assert.fail(answer.text);
}

async function eventsOf(registered: string) {
  return (await exportOne(server, { registered })).events;
}

/** The results of `customers/attributes`. */
async function read(customerIds: Json, attributes: Json[]) {
  const body = { customer_ids: customerIds, attributes };
  const answer = await bloomreach(server, `${data}/customers/attributes`, body);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.success, true);
  return answer.body.results;
}

describe('times of events', () => {
  const rows: [name: string, times: Json, expected: number | { agoSec: number }][] = [
    ['a number', { timestamp: 1767225605 }, 1767225605],
    ['a fraction, unrounded', { timestamp: 1533495544.343536 }, 1533495544.343536],
    ['zero', { timestamp: 0 }, 0],
    ['a number as text', { timestamp: '1767225605' }, 1767225605],
    ['a fraction as text', { timestamp: '1767225605.25' }, 1767225605.25],
    ['ISO 8601', { timestamp: '2026-01-01T00:00:05Z' }, 1767225605],
    ['ISO 8601 with a fraction', { timestamp: '2026-01-01T00:00:05.250Z' }, 1767225605.25],
    ['ISO 8601 with an offset', { timestamp: '2026-01-01T01:00:05+01:00' }, 1767225605],
    ['milliseconds are not detected', { timestamp: 17672256052 }, 17672256052],
    ['the far future', { timestamp: 99_999_999_999 }, 99_999_999_999],
    ['null', { timestamp: null }, { agoSec: 0 }],
    ['nothing', {}, { agoSec: 0 }],
    ['age', { age: 5000 }, { agoSec: 5000 }],
    ['a fraction as age', { age: 4000.5 }, { agoSec: 4000.5 }],
    ['age before timestamp', { age: 5000, timestamp: 1767225605 }, { agoSec: 5000 }],
    ['an age that is no number', { age: 'old', timestamp: 1767225605 }, 1767225605],
    ['an age of null', { age: null, timestamp: 1767225605 }, 1767225605],
  ];
  for (const [name, times, expected] of rows) {
    test(name, async () => {
      const event = { event_type: 'page_visit', properties: { path: '/' }, ...times };
      await write('customers/events', { customer_ids: { registered: `alone: ${name}` }, ...event });
      const command = { customer_ids: { registered: `batch: ${name}` }, ...event };
      assert.deepEqual(await batch([{ name: 'customers/events', data: command }]), [{ success: true }]);
      for (const registered of [`alone: ${name}`, `batch: ${name}`]) {
        const [{ timestamp, ...rest } = assert.fail(), ...more] = await eventsOf(registered);
        assert.deepEqual(rest, { type: 'page_visit', properties: { path: '/' } });
        assert.deepEqual(more, []);
        if (typeof expected === 'number') assert.equal(timestamp, expected);
        else isNear(timestamp, nowSec() - expected.agoSec);
      }
    });
  }
});

describe('events', () => {
  const customer = (registered: string) => ({ customer_ids: { registered } });

  test('take any value and give it back', async () => {
    const properties = {
      text: 'Ünï 漢 😀 \n',
      number: -1.5e-7,
      big: 9_007_199_254_740_991,
      truth: true,
      nothing: null,
      list: [1, 'a', null, [2], { b: false }],
      nested: { street: { number: 5 } },
      'name with spaces': '',
    };
    const event = { event_type: 'Product Reviewed', timestamp: 1767225605, properties };
    await write('customers/events', { ...customer('values'), ...event });
    assert.deepEqual(await eventsOf('values'), [
      { type: 'Product Reviewed', timestamp: 1767225605, properties },
    ]);
  });

  for (const properties of [undefined, null, {}]) {
    test(`properties may be ${JSON.stringify(properties)}`, async () => {
      const registered = `empty ${JSON.stringify(properties)}`;
      await write('customers/events', { ...customer(registered), event_type: 'a', timestamp: 5, properties });
      await write('customers', { ...customer(registered), properties });
      const { properties: own, events } = await exportOne(server, { registered });
      assert.deepEqual(own, {});
      assert.deepEqual(events, [{ type: 'a', timestamp: 5, properties: {} }]);
    });
  }

  test('the older name of event_type', async () => {
    await write('customers/events', { ...customer('older'), type: 'a', timestamp: 1 });
    await write('customers/events', { ...customer('older'), type: 'no', event_type: 'b', timestamp: 2 });
    assert.deepEqual(
      (await eventsOf('older')).map(({ type }) => type),
      ['a', 'b'],
    );
  });
});

describe('exact repeats of an event', () => {
  const event = {
    event_type: 'purchase',
    timestamp: 1767225605.25,
    properties: { id: 'A-1', items: [{ sku: 'p1', qty: 2 }], total: 59.9 },
  };
  const swapped = {
    properties: { total: 59.9, items: [{ qty: 2, sku: 'p1' }], id: 'A-1' },
    timestamp: 1767225605.25,
    event_type: 'purchase',
  };
  const { timestamp: _timestamp, ...unstamped } = event;
  const { properties } = event;
  const rows: [name: string, first: Json, second: Json, stored: number][] = [
    ['the same', event, event, 1],
    ['in another order of members', event, swapped, 1],
    ['the time as text', event, { ...event, timestamp: '1767225605.25' }, 1],
    ['the time in ISO 8601', event, { ...event, timestamp: '2026-01-01T00:00:05.250Z' }, 1],
    ['without a time', unstamped, unstamped, 2],
    ['with an age', { ...unstamped, age: 10 }, { ...unstamped, age: 10 }, 2],
    ['with an age beside the time', { ...event, age: 10 }, { ...event, age: 10 }, 2],
    ['another time', event, { ...event, timestamp: 1767225605.26 }, 2],
    ['another type', event, { ...event, event_type: 'Purchase' }, 2],
    ['another value', event, { ...event, properties: { ...properties, total: 59.91 } }, 2],
    ['a number for text', event, { ...event, properties: { ...properties, total: '59.9' } }, 2],
    ['another order of a list', list(['a', 'b']), list(['b', 'a']), 2],
    ['a property more', event, { ...event, properties: { ...properties, coupon: null } }, 2],
  ];
  function list(items: string[]): Json {
    return { ...event, properties: { items } };
  }
  for (const [name, first, second, stored] of rows) {
    test(`${name}: ${stored} stored`, async () => {
      const alone = { customer_ids: { registered: `single ${name}` } };
      await write('customers/events', { ...alone, ...first });
      await write('customers/events', { ...alone, ...second });
      await write('customers/events', { ...alone, ...first, event_type: 'other', timestamp: 1767225700 });
      await write('customers/events', { ...alone, ...second, event_type: 'other', timestamp: 1767225701 });
      assert.equal((await eventsOf(`single ${name}`)).length, stored + 2);

      const together = { customer_ids: { registered: `batch ${name}` } };
      const commands = [first, second].map((it) => ({
        name: 'customers/events',
        data: { ...together, ...it },
      }));
      assert.deepEqual(await batch(commands), [{ success: true }, { success: true }]);
      assert.equal((await eventsOf(`batch ${name}`)).length, stored);
    });
  }

  test('of another customer it is another event', async () => {
    for (const registered of ['twin 1', 'twin 2']) {
      await write('customers/events', { customer_ids: { registered }, ...event });
      assert.equal((await eventsOf(registered)).length, 1);
    }
  });

  test('a full batch that is sent again, after other events, is stored once', async () => {
    const customer_ids = { registered: 'whole batch' };
    const at = (timestamp: number) => ({
      name: 'customers/events',
      data: { customer_ids, event_type: 'a', timestamp, properties: { n: timestamp % 7 } },
    });
    const full = Array.from({ length: 50 }, (_, index) => at(1_000 + index));
    await batch(full);
    await batch([at(900), at(2_000)]);
    assert.ok((await batch(full.toReversed())).every(({ success }) => success));
    assert.equal((await eventsOf('whole batch')).length, 52);
  });

  test('an older event is a repeat too, and also at once over several connections', async () => {
    const ids = { customer_ids: { registered: 'repeated' } };
    const at = (timestamp: number) =>
      write('customers/events', { ...ids, event_type: 'a', timestamp, properties: {} });
    for (const timestamp of [300, 100, 200, 100, 300, 200]) await at(timestamp);
    await Promise.all(Array.from({ length: 12 }, () => at(400)));
    const times = (await eventsOf('repeated')).map(({ timestamp }) => timestamp);
    assert.deepEqual(times.sort(), [100, 200, 300, 400]);
  });
});

describe('the last writer wins by the time of the update', () => {
  type Update = { set: Json } & Json;
  const rows: [name: string, updates: Update[], expected: Json][] = [
    [
      'newer, then older',
      [
        { set: { a: 'new' }, update_timestamp: 2000 },
        { set: { a: 'old' }, update_timestamp: 1000 },
      ],
      { a: 'new' },
    ],
    [
      'older, then newer',
      [
        { set: { a: 'old' }, update_timestamp: 1000 },
        { set: { a: 'new' }, update_timestamp: 2000 },
      ],
      { a: 'new' },
    ],
    [
      'equal times: the later arrival',
      [
        { set: { a: 'first' }, update_timestamp: 1000 },
        { set: { a: 'second' }, update_timestamp: 1000 },
      ],
      { a: 'second' },
    ],
    [
      'each property for itself',
      [
        { set: { a: 1, b: 1 }, update_timestamp: 2000 },
        { set: { a: 2, c: 2 }, update_timestamp: 1000 },
        { set: { b: 3, c: 3 }, update_timestamp: 3000 },
      ],
      { a: 1, b: 3, c: 3 },
    ],
    [
      'cleared stays cleared',
      [
        { set: { a: null }, update_timestamp: 2000 },
        { set: { a: 'old' }, update_timestamp: 1000 },
      ],
      { a: null },
    ],
    [
      'cleared, then set later',
      [
        { set: { a: null }, update_timestamp: 2000 },
        { set: { a: 'new' }, update_timestamp: 3000 },
      ],
      { a: 'new' },
    ],
    [
      'an old clearing of a newer value',
      [
        { set: { a: 'new' }, update_timestamp: 2000 },
        { set: { a: null }, update_timestamp: 1000 },
      ],
      { a: 'new' },
    ],
    [
      'without a time it is now',
      [{ set: { a: 'now' } }, { set: { a: 'old' }, update_timestamp: 1e9 }],
      { a: 'now' },
    ],
    [
      'null is no time',
      [
        { set: { a: 'now' }, update_timestamp: null },
        { set: { a: 2 }, timestamp: 1e9 },
      ],
      { a: 'now' },
    ],
    [
      'timestamp where there is no update_timestamp',
      [
        { set: { a: 'new' }, timestamp: 2000 },
        { set: { a: 'old' }, timestamp: 1000 },
      ],
      { a: 'new' },
    ],
    [
      'update_timestamp before timestamp',
      [
        { set: { a: 'new' }, update_timestamp: 2000, timestamp: 10 },
        { set: { a: 'old' }, update_timestamp: 1000, timestamp: 9000 },
      ],
      { a: 'new' },
    ],
    [
      'age',
      [
        { set: { a: 'new' }, age: 10 },
        { set: { a: 'old' }, age: 1000 },
      ],
      { a: 'new' },
    ],
    [
      'timestamp before age',
      [
        { set: { a: 1 }, timestamp: 2000, age: 10 },
        { set: { a: 2 }, timestamp: 2001 },
      ],
      { a: 2 },
    ],
    [
      'a fast clock does not win for ever',
      [{ set: { a: 'fast' }, update_timestamp: 9e9 }, { set: { a: 'now' } }],
      { a: 'now' },
    ],
  ];
  for (const [name, updates, expected] of rows) {
    test(name, async () => {
      const commands = (registered: string) =>
        updates.map(({ set, ...rest }) => ({ customer_ids: { registered }, properties: set, ...rest }));
      for (const command of commands(`single ${name}`)) await write('customers', command);
      const all = commands(`batch ${name}`).map((command) => ({ name: 'customers', data: command }));
      assert.ok((await batch(all)).every(({ success }) => success));
      const asked = Object.keys(expected).map((property) => ({ type: 'property', property }));
      const values = Object.values(expected).map((value) => ({ success: true, value }));
      assert.deepEqual(await read({ registered: `single ${name}` }, asked), values);
      assert.deepEqual(await read({ registered: `batch ${name}` }, asked), values);
    });
  }
});

describe('ids', () => {
  const rows: [given: Json, shown: Json][] = [
    [{ registered: 'Ana@shop.test' }, { registered: 'Ana@shop.test', cookie: [] }],
    [{ registered: 1 }, { registered: '1', cookie: [] }],
    [{ registered: ['only'] }, { registered: 'only', cookie: [] }],
    [{ cookie: 'c-1' }, { cookie: ['c-1'] }],
    [{ cookie: ['c-2', 'c-3', 'c-2', 4] }, { cookie: ['c-2', 'c-3', '4'] }],
    [
      { registered: 'r-1', cookie: 'c-5' },
      { registered: 'r-1', cookie: ['c-5'] },
    ],
    [
      { registered: 'r-2', cookie: null, other: 'x' },
      { registered: 'r-2', cookie: [] },
    ],
    [{ registered: null, cookie: 'c-6' }, { cookie: ['c-6'] }],
    [{ registered: 'undefined', cookie: 'c-7' }, { cookie: ['c-7'] }],
    [{ registered: '漢字' }, { registered: '漢字', cookie: [] }],
  ];
  for (const [given, shown] of rows) {
    test(`${JSON.stringify(given)} are ${JSON.stringify(shown)}`, async () => {
      await write('customers', { customer_ids: given, properties: { a: 1 } });
      assert.deepEqual((await exportOne(server, given)).ids, shown);
    });
  }

  test('letter case makes another customer', async () => {
    await write('customers', { customer_ids: { registered: 'Case' }, properties: { a: 1 } });
    await write('customers', { customer_ids: { registered: 'case' }, properties: { a: 2 } });
    assert.deepEqual((await exportOne(server, { registered: 'Case' })).properties, { a: 1 });
  });

  test('a cookie joins the customer that is named with it, an anonymous one gets his name', async () => {
    await write('customers/events', {
      customer_ids: { cookie: 'browser' },
      event_type: 'visit',
      timestamp: 1,
    });
    await write('customers', {
      customer_ids: { registered: 'named', cookie: 'browser' },
      properties: { a: 1 },
    });
    await write('customers', { customer_ids: { registered: 'named', cookie: 'phone' }, properties: {} });
    for (const ids of [{ registered: 'named' }, { cookie: 'browser' }, { cookie: 'phone' }]) {
      const { ids: all, properties, events } = await exportOne(server, ids);
      assert.deepEqual(all, { registered: 'named', cookie: ['browser', 'phone'] });
      assert.deepEqual(properties, { a: 1 });
      assert.equal(events.length, 1);
    }
  });

  test('of 65 cookies the least recently used one goes', async () => {
    for (let from = 0; from < 65; from += 13) {
      const commands = Array.from({ length: 13 }, (_, index) => ({
        name: 'customers',
        data: { customer_ids: { registered: 'collector', cookie: `jar-${from + index}` } },
      }));
      assert.ok((await batch(commands)).every(({ success }) => success));
    }
    const { ids } = await exportOne(server, { registered: 'collector' });
    const kept = Array.from({ length: 64 }, (_, index) => `jar-${index + 1}`);
    assert.deepEqual(ids, { registered: 'collector', cookie: kept });
    const gone = { customer_ids: { cookie: 'jar-0' } };
    assert.equal((await bloomreach(server, `${data}/customers/export-one`, gone)).status, 404);
  });
});

describe('reading', () => {
  test('attributes, one result each in their order', async () => {
    const customerIds = { registered: 'reader', cookie: ['r-a', 'r-b'] };
    const properties = { text: 'x', list: [1, { a: null }], off: false, cleared: 1 };
    await write('customers', { customer_ids: customerIds, properties });
    await write('customers', { customer_ids: customerIds, properties: { cleared: null } });
    const results = await read({ cookie: 'r-b' }, [
      { type: 'property', property: 'list' },
      { type: 'id', id: 'cookie' },
      { type: 'property', property: 'never set' },
      { type: 'property', property: 'cleared' },
      { type: 'id', id: 'registered' },
      { type: 'segmentation', id: '5a1' },
      { type: 'property', property: 'off' },
      { type: 'property', property: 'toString' },
    ]);
    assert.deepEqual(results, [
      { success: true, value: [1, { a: null }] },
      { success: true, value: ['r-a', 'r-b'] },
      { success: true, value: null },
      { success: true, value: null },
      { success: true, value: 'reader' },
      { success: false, error: 'Not Found' },
      { success: true, value: false },
      { success: true, value: null },
    ]);
  });

  test('export-one has everything and nothing else', async () => {
    const registered = 'exported';
    await write('customers', { customer_ids: { registered }, properties: { first_name: 'Ana' } });
    const event = { event_type: 'purchase', timestamp: 1767225605.25 };
    await write('customers/events', { customer_ids: { registered, cookie: 'ck' }, ...event });
    const answer = await bloomreach(server, `${data}/customers/export-one`, {
      customer_ids: { cookie: 'ck' },
    });
    assert.deepEqual(answer.body, {
      success: true,
      ids: { registered, cookie: ['ck'] },
      properties: { first_name: 'Ana' },
      events: [{ type: 'purchase', timestamp: 1767225605.25, properties: {} }],
    });
  });

  const attributes = [{ type: 'property', property: 'a' }];
  for (const route of ['attributes', 'export-one']) {
    test(`customers/${route} of nobody`, async () => {
      const body = { customer_ids: { registered: 'a stranger' }, attributes };
      const answer = await bloomreach(server, `${data}/customers/${route}`, body);
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.body, { success: false, errors: { _global: ['Customer does not exist'] } });
    });

    for (const customerIds of [undefined, null, {}, 'x', [], { registered: null }, { other: 'x' }]) {
      test(`customers/${route} without ids: ${JSON.stringify(customerIds)}`, async () => {
        const body = { customer_ids: customerIds, attributes };
        const answer = await bloomreach(server, `${data}/customers/${route}`, body);
        assert.equal(answer.status, 400);
        const errors = { customer_ids: ['Must specify at least one customer ID'] };
        assert.deepEqual(answer.body, { success: false, errors });
      });
    }
  }

  test('an attribute that is none is named by its place', async () => {
    await write('customers', { customer_ids: { registered: 'asked' } });
    const body = { customer_ids: { registered: 'asked' }, attributes: [...attributes, 5] };
    const answer = await bloomreach(server, `${data}/customers/attributes`, body);
    assert.equal(answer.status, 400);
    const errors = { attributes: { 1: ['Could not parse 5. Invalid type.'] } };
    assert.deepEqual(answer.body, { success: false, errors });
  });
});

describe('limits', () => {
  const kilobyte = 1024;
  /** A value whose JSON has this many bytes. */
  const textOf = (bytes: number) => 'x'.repeat(bytes - 2);
  const tooLarge = "Value of property 'big' is too large";
  const rows: [name: string, properties: Json, error: string | undefined][] = [
    ['a value just under 16 KB', { big: textOf(16 * kilobyte - 1) }, undefined],
    ['a value of 16 KB', { big: textOf(16 * kilobyte) }, tooLarge],
    ['a value over 16 KB', { a: 1, big: textOf(16 * kilobyte + 1) }, tooLarge],
    ['bytes count, not characters', { big: 'ä'.repeat(8 * kilobyte) }, tooLarge],
    ['bytes count, just under', { big: 'ä'.repeat(8 * kilobyte - 2) }, undefined],
    ['escapes count', { big: '\u0001'.repeat(3 * kilobyte) }, tooLarge],
    ['lists count as a whole', { big: Array(8 * kilobyte).fill(1) }, tooLarge],
    ['a message under 800 KB', many(58), undefined],
    ['a message over 800 KB', many(60), 'Message is too large'],
    ['a name of 256 bytes', { ['n'.repeat(256)]: 1 }, undefined],
  ];
  function many(count: number): Json {
    return Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`p${index}`, textOf(13.5 * kilobyte)]),
    );
  }
  for (const [name, properties, error] of rows) {
    for (const route of ['customers', 'customers/events'] as const) {
      test(`${route}: ${name}`, async () => {
        const registered = `${route} ${name}`;
        const command = { customer_ids: { registered }, event_type: 'a', timestamp: 5, properties };
        const alone = await bloomreach(server, `${track}/${route}`, command);
        assert.equal(alone.status, error === undefined ? 200 : 400, alone.text);
        assert.deepEqual(alone.body, error === undefined ? done : { success: false, errors: [error] });

        const neighbour = {
          name: 'customers',
          data: { customer_ids: { registered: 'small' }, properties: { name } },
        };
        const results = await batch([{ name: route, data: command }, neighbour]);
        const own = error === undefined ? { success: true } : { success: false, errors: [error] };
        assert.deepEqual(results, [own, { success: true }]);
        assert.deepEqual((await exportOne(server, { registered: 'small' })).properties, { name });
        if (error !== undefined) return;
        const stored = await exportOne(server, { registered });
        assert.deepEqual(
          route === 'customers' ? stored.properties : stored.events[0]?.properties,
          properties,
        );
      });
    }
  }

  test('members that nobody knows count in the size of a message', async () => {
    const message = (bytes: number) => ({
      customer_ids: { registered: 'padded' },
      event_type: 'a',
      padding: 'x'.repeat(bytes),
    });
    const rows: [data: Json, error?: string][] = [
      [message(799 * kilobyte)],
      [message(800 * kilobyte), 'Message is too large'],
    ];
    for (const [data, error] of rows) {
      const alone = await bloomreach(server, `${track}/customers/events`, data);
      const [result] = await batch([{ name: 'customers/events', data }]);
      const expected = error === undefined ? { success: true } : { success: false, errors: [error] };
      assert.deepEqual(alone.body, error === undefined ? done : expected);
      assert.deepEqual(result, expected);
    }
    assert.equal((await eventsOf('padded')).length, 2);
  });

  test('sizes are looked at last', async () => {
    const event = {
      customer_ids: { registered: 'late' },
      event_type: 'a',
      properties: { big: textOf(20_000) },
    };
    const answer = await bloomreach(server, `${track}/customers/events`, { ...event, timestamp: 'x' });
    assert.deepEqual(answer.body, { success: false, errors: ['Invalid timestamp'] });
  });

  test('a name of 257 bytes is refused', async () => {
    const properties = { ['n'.repeat(257)]: 1 };
    const answer = await bloomreach(server, `${track}/customers`, {
      customer_ids: { registered: 'n1' },
      properties,
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.success, false);
  });
});
