/** `customers/events` of the data API (Bloomreach contract 4.2), and `export-one` of a long history (4.3). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Answer, type BloomreachBody, bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';

let server: Server;
before(async () => {
  // Few lines in memory: what is read comes from files, from memory, and from blocks.
  server = await startServer({ environment: { RAPPORT_HISTORY_LINES: '500' } });
});
after(() => server[Symbol.asyncDispose]());

const path = '/data/v2/projects/{token}/customers/events';
const track = '/track/v2/projects/{token}';

function ask(user: string, members: Record<string, unknown> = {}): Promise<Answer<BloomreachBody>> {
  return bloomreach(server, path, { customer_ids: { registered: user }, ...members });
}

async function numbersOf(user: string, members: Record<string, unknown> = {}): Promise<unknown[]> {
  const answer = await ask(user, members);
  assert.equal(answer.status, 200, answer.text);
  return (answer.body.data ?? []).map((event) => event.properties['n']);
}

/** Events 0 to count - 1; each one happened a second before the one that was sent before it. */
async function send(user: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 50) {
    const commands = Array.from({ length: Math.min(50, count - from) }, (_, index) => ({
      name: 'customers/events',
      data: {
        customer_ids: { registered: user },
        event_type: (from + index) % 2 === 0 ? 'even' : 'odd',
        timestamp: 1_767_225_605.25 - from - index,
        properties: { n: from + index },
      },
    }));
    const answer = await bloomreach(server, `${track}/batch`, { commands }, { auth: 'public' });
    assert.equal(
      answer.body.results?.every((result) => result.success),
      true,
      answer.text,
    );
  }
}

describe('what is asked for', () => {
  before(() => send('six', 6));
  const cases: readonly (readonly [Record<string, unknown>, number[]])[] = [
    [{}, [5, 4, 3, 2, 1, 0]],
    [{ order: 'asc' }, [5, 4, 3, 2, 1, 0]],
    [{ order: 'desc' }, [0, 1, 2, 3, 4, 5]],
    [{ event_types: ['odd'] }, [5, 3, 1]],
    [{ event_types: ['odd', 'even', 'nothing'] }, [5, 4, 3, 2, 1, 0]],
    [{ event_types: ['nothing'] }, []],
    [{ event_types: [] }, []],
    [{ event_types: null, order: null, limit: null, skip: null }, [5, 4, 3, 2, 1, 0]],
    [{ limit: 2 }, [5, 4]],
    [{ limit: 2, skip: 3 }, [2, 1]],
    [{ limit: 2, skip: 5, order: 'desc' }, [5]],
    [{ skip: 6 }, []],
    [{ skip: 1_000_000 }, []],
    [{ limit: 0 }, []],
    [{ limit: 9_007_199_254_740_991 }, [5, 4, 3, 2, 1, 0]],
    [{ event_types: ['even'], order: 'desc', limit: 1, skip: 1 }, [2]],
  ];
  for (const [members, expected] of cases) {
    test(JSON.stringify(members), async () => assert.deepEqual(await numbersOf('six', members), expected));
  }

  test('the answer, byte for byte', async () => {
    const answer = await ask('six', { limit: 1, order: 'desc' });
    assert.equal(
      answer.text,
      '{"success":true,"data":[{"type":"even","timestamp":1767225605.25,"properties":{"n":0}}]}',
    );
  });

  test('events written through Leanplum, with value and info as properties', async () => {
    const event = { event: 'buy', value: 9.5, info: 'card', params: { n: 1 } };
    await leanplum(server, { action: 'track', userId: 'lp', ...event, time: 1_700_000_000 });
    const answer = await ask('lp', { event_types: ['buy'] });
    assert.deepEqual(answer.body.data, [
      { type: 'buy', timestamp: 1_700_000_000, properties: { value: 9.5, info: 'card', n: 1 } },
    ]);
  });
});

describe('what is refused', () => {
  const types = 'Must be an array of event types';
  const count = 'Must be a non-negative integer';
  const order = "Must be 'asc' or 'desc'";
  const cases: readonly (readonly [Record<string, unknown>, Record<string, string[]>])[] = [
    [{ event_types: 'odd' }, { event_types: [types] }],
    [{ event_types: [1] }, { event_types: [types] }],
    [{ event_types: Array.from({ length: 1001 }, () => 'a') }, { event_types: [types] }],
    [{ order: 'newest' }, { order: [order] }],
    [
      { limit: -1, skip: 1.5 },
      { limit: [count], skip: [count] },
    ],
    [{ limit: '5' }, { limit: [count] }],
    [
      { order: {}, limit: [] },
      { order: [order], limit: [count] },
    ],
  ];
  for (const [members, errors] of cases) {
    test(JSON.stringify(members).slice(0, 60), async () => {
      const answer = await ask('six', members);
      assert.deepEqual([answer.status, answer.body], [400, { success: false, errors }]);
    });
  }

  test('nobody of that id, no ids, no JSON, a public token', async () => {
    const unknown = await ask('nobody');
    const errors = { _global: ['Customer does not exist'] };
    assert.deepEqual([unknown.status, unknown.body], [404, { success: false, errors }]);
    const none = await bloomreach(server, path, {});
    const mustSpecify = { customer_ids: ['Must specify at least one customer ID'] };
    assert.deepEqual([none.status, none.body], [400, { success: false, errors: mustSpecify }]);
    assert.equal((await bloomreach(server, path, [])).status, 400);
    const open = { customer_ids: { registered: 'six' } };
    assert.equal((await bloomreach(server, path, open, { auth: 'public' })).status, 403);
  });
});

describe('a history of more than one page', () => {
  const count = 2_350;
  before(() => send('long', count));
  const all = Array.from({ length: count }, (_, n) => n);

  test('all of it, in both orders', async () => {
    assert.deepEqual(await numbersOf('long', { order: 'desc' }), all);
    assert.deepEqual(await numbersOf('long'), all.toReversed());
  });

  test('a part of it, across pages', async () => {
    const asked = { order: 'desc', skip: 995, limit: 1_010 };
    assert.deepEqual(await numbersOf('long', asked), all.slice(995, 2_005));
    assert.deepEqual(await numbersOf('long', { order: 'desc', skip: 2_000 }), all.slice(2_000));
    const odd = all.filter((n) => n % 2 === 1);
    const some = { order: 'desc', event_types: ['odd'], skip: 1_000 };
    assert.deepEqual(await numbersOf('long', some), odd.slice(1_000));
    for (const limit of [999, 1_000, 1_001, 2_000]) {
      assert.deepEqual(await numbersOf('long', { order: 'desc', limit }), all.slice(0, limit));
    }
  });

  test('exported whole', async () => {
    const answer = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
      customer_ids: { registered: 'long' },
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.body.events?.map((event) => event.properties['n']),
      all.toReversed(),
    );
    assert.deepEqual(answer.body.ids, { registered: 'long', cookie: [] });
  });

  test('of large events, whole although pages of them are short', async () => {
    const count = 24;
    const numbers = Array.from({ length: count }, (_, n) => n);
    const texts = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`text ${n}`, 'x'.repeat(14_000)]));
    for (const n of numbers) {
      const properties = { n, ...texts };
      const data = {
        customer_ids: { registered: 'large' },
        event_type: 'tick',
        timestamp: n + 1,
        properties,
      };
      const sent = await bloomreach(server, `${track}/customers/events`, data);
      assert.equal(sent.body.success, true, sent.text);
    }
    assert.deepEqual(await numbersOf('large'), numbers);
    const asked = { order: 'desc', skip: 1, limit: count - 2 };
    assert.deepEqual(await numbersOf('large', asked), numbers.toReversed().slice(1, -1));
    const exported = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
      customer_ids: { registered: 'large' },
    });
    const expected = numbers.map((n) => ({ n, ...texts }));
    assert.ok(
      isDeepStrictEqual(
        exported.body.events?.map((event) => event.properties),
        expected,
      ),
    );
  });

  test('what was just written is seen at once, also after a restart on blocks and files', async () => {
    for (let n = 0; n < 20; n++) {
      const properties = { n };
      const data = { customer_ids: { registered: 'now' }, event_type: 'tick', properties };
      await bloomreach(server, `${track}/customers/events`, data);
      const seen = await numbersOf('now', { order: 'desc', limit: 1 });
      assert.deepEqual(seen, [n]);
    }
    const dataFolder = server.dataFolder;
    await server.kill();
    await using again = await startServer({ dataFolder });
    const body = { customer_ids: { registered: 'long' }, order: 'desc' };
    const answer = await bloomreach(again, path, body);
    assert.deepEqual(
      answer.body.data?.map((event) => event.properties['n']),
      all,
    );
    const metrics = await (await fetch(`${again.url}/metrics`)).text();
    assert.match(metrics, /^rapport_history_waiting_lines \d+$/m);
    assert.match(metrics, /^rapport_history_lag_seconds \d/m);
  });
});
