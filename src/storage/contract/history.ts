import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IdentityId, SessionId, StateId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import { crowds } from './history-crowds.ts';
import { erasures } from './history-erasures.ts';
import { orders } from './history-orders.ts';
import { append, type Check, end, type HistoryUnderTest, linesOf, numbersOf } from './history-under-test.ts';
import { bank, block, eventId, eventLine, profileId, shop, writeSet } from './write-sets.ts';

/** What every history does; `create` makes an empty one. */
export function historyContract(name: string, create: () => Promise<HistoryUnderTest>): void {
  const check = (title: string, run: (under: HistoryUnderTest) => Promise<void>) => {
    test(title, async () => {
      const under = await create();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };
  describe(`${name} keeps the lines`, () => {
    profiles(check);
    places(check);
    projects(check);
    orders(check);
    crowds(check);
    erasures(check);
    kinds(check);
  });
}

function profiles(check: Check): void {
  check('a profile without lines has none', async (under) => {
    assert.deepEqual(await linesOf(under, shop, profileId(1), end), []);
    await append(under, [eventLine(1, 1)]);
    assert.deepEqual(await linesOf(under, shop, profileId(2), end), []);
  });

  check('lines come back as they were said, as soon as they are committed', async (under) => {
    const base = {
      project: shop,
      profile: profileId(1),
      atMs: 1_700_000_000_000,
      timeSec: 1.25,
      session: null,
    };
    const said: Line[] = [
      { ...base, kind: 'created', id: eventId(1) },
      { ...base, kind: 'identity_attached', id: eventId(2), name: 'user' },
      { ...base, kind: 'attributes', id: eventId(3), params: { '': '\n', a: [null, { b: '\u2028"\\😀' }] } },
      eventLine(4, 1, { name: 'two\nlines\r\n', params: { quote: '"', deep: [[[{}]]] } }),
    ];
    await append(under, said);
    assert.deepEqual(await linesOf(under, shop, profileId(1), end), said);
  });

  check('oldest first, of this profile alone, over several groups', async (under) => {
    // 12 and 123 begin with the digits of 1.
    await append(under, [eventLine(1, 1), eventLine(2, 1)]);
    await append(under, [eventLine(12, 12), eventLine(13, 1), eventLine(14, 12)]);
    await append(under, [eventLine(123, 123), eventLine(124, 12)], [eventLine(125, 1)]);
    const of = async (n: number) => numbersOf(await linesOf(under, shop, profileId(n), end));
    assert.deepEqual(await of(1), [1, 2, 13, 125]);
    assert.deepEqual(await of(12), [12, 14, 124]);
    assert.deepEqual(await of(123), [123]);
  });

  check('of several profiles together, in one order', async (under) => {
    await append(under, [eventLine(1, 1), eventLine(2, 2), eventLine(3, 3)]);
    await append(under, [eventLine(4, 2), eventLine(5, 1), eventLine(6, 3)]);
    const of = async (...numbers: number[]) =>
      numbersOf(await linesOf(under, shop, numbers.map(profileId), end));
    assert.deepEqual(await of(1, 2), [1, 2, 4, 5]);
    assert.deepEqual(await of(3, 2), [2, 3, 4, 6]);
  });

  check('an event that quotes the line of another profile stays where it is', async (under) => {
    const quote = `"profile":${profileId(1)},`;
    const params = {
      text: quote,
      [quote]: 1,
      profile: profileId(1),
      nested: { profile: profileId(1), z: 0 },
    };
    await append(under, [eventLine(1, 1), eventLine(2, 2, { params, name: quote }), eventLine(3, 1)]);
    assert.deepEqual(numbersOf(await linesOf(under, shop, profileId(1), end)), [1, 3]);
    assert.deepEqual(await linesOf(under, shop, profileId(2), end), [
      eventLine(2, 2, { params, name: quote }),
    ]);
  });
}

function places(check: Check): void {
  check('up to and including the line asked for', async (under) => {
    await append(
      under,
      [eventLine(1, 1), eventLine(2, 9), eventLine(3, 1)],
      [eventLine(4, 1), eventLine(5, 1)],
    );
    const upTo = async (n: number) => numbersOf(await linesOf(under, shop, profileId(1), eventId(n)));
    assert.deepEqual(await upTo(0), []);
    assert.deepEqual(await upTo(1), [1]);
    assert.deepEqual(await upTo(2), [1]);
    assert.deepEqual(await upTo(3), [1, 3]);
    assert.deepEqual(await upTo(4), [1, 3, 4]);
    assert.deepEqual(await upTo(5), [1, 3, 4, 5]);
    assert.deepEqual(await upTo(500), [1, 3, 4, 5]);
  });

  check('a first line in the middle of a block', async (under) => {
    const first = [eventLine(1, 1), eventLine(2, 1), eventLine(3, 3), eventLine(4, 1), eventLine(5, 3)];
    await append(under, first, [eventLine(6, 3)]);
    assert.deepEqual(numbersOf(await linesOf(under, shop, profileId(3), end)), [3, 5, 6]);
  });

  for (const blocks of [50, 51, 133]) {
    check(`${blocks} blocks of one group, some without the profile`, async (under) => {
      const lines = Array.from({ length: blocks }, (_, n) => [
        eventLine(n * 2 + 1, n % 3 === 1 ? 2 : 1),
        eventLine(n * 2 + 2, 2),
      ]);
      await under.append(writeSet({ blocks: lines.map((each) => block(shop, each)) }));
      const expected = lines.flat().filter((line) => line.profile === profileId(1));
      assert.deepEqual(await linesOf(under, shop, profileId(1), end), expected);
      const all = lines.flat().length;
      const early = expected.filter((line) => line.id <= eventId(all - 3));
      assert.deepEqual(await linesOf(under, shop, profileId(1), eventId(all - 3)), early);
    });
  }
}

function projects(check: Check): void {
  check('blocks of another project between them do not matter', async (under) => {
    const inBank = { project: bank };
    for (let n = 0; n < 30; n++) {
      const shops = [eventLine(n * 10 + 1, 1), eventLine(n * 10 + 5, 1)];
      const banks = [eventLine(n * 10 + 2, 2, inBank), eventLine(n * 10 + 6, 2, inBank)];
      await under.append(writeSet({ blocks: [block(shop, shops), block(bank, banks)] }));
    }
    const shops = numbersOf(await linesOf(under, shop, profileId(1), end));
    assert.equal(shops.length, 60);
    assert.ok(shops.every((n) => n % 10 === 1 || n % 10 === 5));
    assert.equal((await linesOf(under, bank, profileId(2), end)).length, 60);
  });

  check('a project sees nothing of another, even by number', async (under) => {
    await under.append(
      writeSet({
        blocks: [block(shop, [eventLine(1, 1)]), block(bank, [eventLine(2, 2, { project: bank })])],
      }),
    );
    assert.deepEqual(await linesOf(under, bank, profileId(1), end), []);
    assert.deepEqual(await linesOf(under, shop, profileId(2), end), []);
  });
}

const hostileParams = String.raw`{"n":1e300,"big":12345678901234567890,"z":0.1,"u":"\u0000","__proto__":{"a":1},"":[[{"a":[]}]]}`;

function kinds(check: Check): void {
  check('events alone, and of some names alone', async (under) => {
    const base = { project: shop, profile: profileId(1), atMs: 1_700_000_000_000, timeSec: 1, session: null };
    const hostile = ['a', "it's", '$names', '\u0000', '', '{"a":1}', 'ü\n'];
    await append(under, [
      { ...base, kind: 'created', id: eventId(1) },
      { ...base, kind: 'attributes', id: eventId(2), params: { a: 1 } },
      ...hostile.map((name, index) => eventLine(index + 3, 1, { name })),
    ]);
    const named = async (events: 'all' | readonly string[]) =>
      numbersOf(await linesOf(under, shop, profileId(1), end, { events }));
    assert.deepEqual(await named('all'), [3, 4, 5, 6, 7, 8, 9]);
    for (const [index, name] of hostile.entries()) assert.deepEqual(await named([name]), [index + 3]);
    assert.deepEqual(await named(['a', '', 'nobody']), [3, 7]);
    assert.deepEqual(await named([]), []);
  });

  check('every kind of line and every member comes back', async (under) => {
    const base = { project: shop, profile: profileId(1), atMs: 1_700_000_000_000, timeSec: 1, session: null };
    const session = eventId(5) as number as SessionId;
    const identity = eventId(2) as number as IdentityId;
    const lines: Line[] = [
      { ...base, kind: 'created', id: eventId(1) },
      { ...base, kind: 'identity_attached', id: eventId(2), name: 'device' },
      { ...base, kind: 'identity_used', id: eventId(3), name: 'device', identity },
      { ...base, kind: 'identity_detached', id: eventId(4), name: 'device', identity },
      {
        ...base,
        kind: 'session_opened',
        id: eventId(5),
        device: identity,
        background: true,
        billed: true,
        prior: { events: 1, states: 2, sessions: 3, spentSec: 4.5 },
      },
      { ...base, kind: 'session_ended', id: eventId(6), session, spentSec: 0.1 },
      { ...base, kind: 'time_passed', id: eventId(9) },
      { ...base, kind: 'facts', id: eventId(10), device: null, params: { a: 'b' } },
      {
        ...base,
        kind: 'overridden',
        id: eventId(11),
        events: [['a', 1, null, 2.5, 3]],
        states: [],
        totals: { createdMs: null, lastActiveMs: 5, sessions: 6, spentMs: null },
      },
      {
        ...eventLine(7, 1),
        session,
        value: -0.5e-300,
        info: 'i\u0000\n',
        device: identity,
        stamped: true,
        passive: true,
        state: eventId(5) as number as StateId,
        params: JSON.parse(hostileParams),
      } as Line,
      { ...base, kind: 'attributes', id: eventId(8), params: { a: null, '': true, é: 'ß' } },
    ];
    lines.sort((a, b) => a.id - b.id);
    await append(under, lines);
    assert.deepEqual(await linesOf(under, shop, profileId(1), end), lines);
  });
}
