import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeLine } from '../../core/line.ts';
import { block, eventLine, profileId, shop } from '../contract/write-sets.ts';
import { limitRecent, RecentLines, readPlaces } from './recent-lines.ts';

const enough = { lines: 1_000, bytes: 1_000_000 };

function textOf(...numbers: readonly (readonly [line: number, of: number])[]): Buffer {
  return Buffer.from(
    block(
      shop,
      numbers.map(([n, of]) => eventLine(n, of)),
    ).body,
  );
}

function take(recent: RecentLines, text: Buffer): void {
  recent.add(text, readPlaces(text));
}

describe('a text of lines', () => {
  for (const wrong of ['{"v":1}', '{"v":1,"profile":0}', '']) {
    test(`is taken whole or not at all: '${wrong}' before another line`, () => {
      const text = Buffer.from(`${wrong}\n${textOf([2, 1])}`);
      assert.throws(() => readPlaces(text), /a line without a profile/);
    });
  }
});

describe('the lines of a profile', () => {
  const recent = new RecentLines();
  take(recent, textOf([1, 1], [2, 2], [3, 1]));
  take(recent, textOf([4, 1]));
  const lines = [4, 3, 1].map((n) => writeLine(eventLine(n, 1)));
  const bytes = lines.join('').length;

  test('come newest first', () => assert.deepEqual(recent.of([profileId(1)], enough), lines));
  for (const max of [
    { lines: 2, bytes },
    { lines: 3, bytes: bytes - 1 },
  ]) {
    test(`are too much for ${JSON.stringify(max)}`, () =>
      assert.equal(recent.of([profileId(1)], max), undefined));
  }
  test('are not too much when they just fit', () =>
    assert.equal(recent.of([profileId(1)], { lines: 3, bytes })?.length, 3));
});

describe('tables that have too much together', () => {
  const tables = () => {
    const made = [1, 2, 3].map(() => ({ recent: new RecentLines() }));
    for (const { recent } of made) take(recent, textOf([1, 1]));
    return made;
  };
  const { length } = textOf([1, 1]);
  for (const [max, expected] of [
    [3 * length, [1, 1, 1]],
    [3 * length - 1, [undefined, 1, 1]],
    [length, [undefined, undefined, 1]],
    [length - 1, [undefined, undefined, undefined]],
  ] as const) {
    test(`keep the newest within ${max} bytes`, () => {
      const made = tables();
      limitRecent(made, max);
      assert.deepEqual(
        made.map(({ recent }) => recent.of([profileId(1)], enough)?.length),
        expected,
      );
    });
  }

  test('what was dropped stays out: a part of a profile would be no answer', () => {
    const recent = new RecentLines();
    take(recent, textOf([1, 1]));
    limitRecent([{ recent }], 0);
    take(recent, textOf([2, 1]));
    assert.deepEqual([recent.of([profileId(1)], enough), recent.bytes], [undefined, 0]);
  });
});
