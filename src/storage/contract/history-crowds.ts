import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { writeLine } from '../../core/line.ts';
import { bytesPerReadMax } from '../../engine/store.ts';
import { readInPages } from './history-orders.ts';
import { append, type Check, end, linesOf, numbersOf, pageOf } from './history-under-test.ts';
import { eventId, eventLine, profileId, shop, writeSet } from './write-sets.ts';

/** Histories that are long, and many reads at the same time. */
export function crowds(check: Check): void {
  longOnes(check);
  largeOnes(check);
  manyReads(check);
}

function longOnes(check: Check): void {
  check('a history longer than a page, in both orders, beside many that are short', async (under) => {
    const count = 1_205;
    // Every second line is of somebody else; times come in no order.
    const lines = Array.from({ length: count * 2 }, (_, n) => ({
      ...eventLine(n + 1, n % 2 === 0 ? 1 : n + 1, { name: n % 8 === 0 ? 'seldom' : 'often' }),
      timeSec: (n * 7_919) % 1_000,
    }));
    await append(under, lines.slice(0, 700), lines.slice(700, 701), lines.slice(701));
    const own = lines.filter((line) => line.profile === profileId(1));
    const byTime = own.toSorted((a, b) => a.timeSec - b.timeSec || a.id - b.id);
    assert.deepEqual(await readInPages(under, { by: 'time', order: 'asc', limit: 500 }), byTime);
    assert.deepEqual(await readInPages(under, { by: 'id', order: 'desc', limit: 999 }), own.toReversed());
    const seldom = { by: 'time', order: 'desc', limit: 50, events: ['seldom'] } as const;
    const expected = byTime.filter((line) => line.name === 'seldom').toReversed();
    assert.deepEqual(await linesOf(under, shop, profileId(1), end, seldom), expected.slice(0, 50));
    const upTo = eventId(1_500);
    const newest = own.filter((line) => line.id <= upTo).at(-1);
    assert.deepEqual(await linesOf(under, shop, profileId(1), upTo, { order: 'desc', limit: 1 }), [newest]);
    assert.equal((await linesOf(under, shop, [1, 4, 2_410].map(profileId), end)).length, 1_000);
    assert.deepEqual(numbersOf(await linesOf(under, shop, [4, 2_410].map(profileId), end)), [4, 2_410]);
  });

  check('while others are read and go on, of a history of any length', async (under) => {
    const count = 1_100;
    const lines = Array.from({ length: count }, (_, n) => eventLine(n * 2 + 1, 1));
    const others = Array.from({ length: count }, (_, n) => eventLine(n * 2 + 2, 2));
    await append(
      under,
      [...lines, ...others].sort((a, b) => a.id - b.id),
    );
    const before = linesOf(under, shop, profileId(2), end);
    const upTo = eventId(count * 2 - 3);
    const erased = { project: shop, profile: profileId(1), upTo, scope: 'all' } as const;
    await under.append(writeSet({ erasures: [erased] }));
    const reads = [1, 2, 1, 2].map((n) => linesOf(under, shop, profileId(n), end));
    const [first, second, third, fourth] = (await Promise.all(reads)).map(numbersOf);
    assert.deepEqual(first, [count * 2 - 1]);
    assert.deepEqual(third, first);
    assert.equal(second?.length, 1_000);
    assert.deepEqual(fourth, second);
    assert.deepEqual(numbersOf(await before), second);
  });
}

function largeOnes(check: Check): void {
  check('a page of large lines ends early and is not the last, in every order', async (under) => {
    // Two short lines, then a large one; one is larger than a page.
    const sizes = Array.from({ length: 36 }, (_, n) => (n % 3 < 2 ? 10 : n === 20 ? 9_000_000 : 800_000));
    const lines = sizes.map((size, n) => ({
      ...eventLine(n + 1, 1, { params: { text: 'ü"'.repeat(size / 4) } }),
      timeSec: (n * 7) % 36,
    }));
    await append(under, lines.slice(0, 12), lines.slice(12, 24), lines.slice(24));
    const byTime = lines.toSorted((a, b) => a.timeSec - b.timeSec);
    const expected = { time: byTime, id: lines };
    for (const by of ['time', 'id'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        const wanted = order === 'asc' ? expected[by] : expected[by].toReversed();
        const read = await readInPages(under, { by, order, limit: 1_000 });
        assert.deepEqual(numbersOf(read), numbersOf(wanted), `by ${by}, ${order}`);
        assert.ok(isDeepStrictEqual(read, wanted), `by ${by}, ${order}: their texts`);
      }
    }
    const { lines: first, isLast } = await pageOf(under, shop, profileId(1), end);
    const bytes = first.map((line) => Buffer.byteLength(writeLine(line)));
    const all = bytes.reduce((sum, it) => sum + it, 0);
    assert.ok(!isLast && all - (bytes.at(-1) as number) < bytesPerReadMax, `${all} bytes`);
  });
}

function manyReads(check: Check): void {
  check('many reads at once get what each asked for', async (under) => {
    const users = 20;
    const lines = Array.from({ length: users * 12 }, (_, n) => ({
      ...eventLine(n + 1, (n % users) + 1, { name: `event ${n % 3}`, params: { n, text: `ü${n}` } }),
      timeSec: (n * 31) % 97,
    }));
    await append(under, lines.slice(0, 100), lines.slice(100, 166), lines.slice(166));
    const asked = Array.from({ length: users * 2 }, (_, n) => ({
      of: (n % users) + 1,
      by: n % 3 === 0 ? ('id' as const) : ('time' as const),
      order: n % 2 === 0 ? ('asc' as const) : ('desc' as const),
      limit: 1 + (n % 14),
      upTo: eventId(n % 5 === 0 ? 150 : 1_000),
      events: n % 7 === 0 ? ['event 1', "it's"] : ('all' as const),
    }));
    const read = asked.map(({ of, upTo, ...rest }) => linesOf(under, shop, profileId(of), upTo, rest));
    for (const [n, { of, by, order, limit, upTo, events }] of asked.entries()) {
      const sign = order === 'asc' ? 1 : -1;
      const expected = lines
        .filter((line) => line.profile === profileId(of) && line.id <= upTo)
        .filter((line) => events === 'all' || events.includes(line.name))
        .sort((a, b) => sign * ((by === 'time' ? a.timeSec - b.timeSec : 0) || a.id - b.id));
      assert.deepEqual(await read[n], expected.slice(0, limit), `read ${n}`);
    }
  });
}
