import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BloomFilter, hashKey } from './bloom-filter.ts';

const keys = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => hashKey(`${prefix}${n}`));

test('what was added is never denied; of the rest few are taken for known', () => {
  const filter = new BloomFilter(2 ** 17);
  const known = keys('known', 2 ** 13);
  const strange = keys('strange', 10_000);
  assert.ok(!known.some((it) => filter.mayHold(it)), 'empty');
  for (const key of known) filter.add(key);
  assert.ok(known.every((it) => filter.mayHold(it)));
  const wrong = strange.filter((it) => filter.mayHold(it)).length;
  assert.ok(wrong < 100, `${wrong} of 10,000 with 16 bits a key`);
});

test('a full one knows everything', () => {
  const filter = new BloomFilter(64);
  for (const key of keys('known', 1_000)) filter.add(key);
  assert.ok(keys('strange', 1_000).every((it) => filter.mayHold(it)));
});
