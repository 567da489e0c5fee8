import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateAddressesMax } from './limits.ts';
import { RateLimit } from './rate-limit.ts';

function limitOf(perMinute: number) {
  const clock = { ms: 5_000 };
  const limit = new RateLimit(perMinute, () => clock.ms);
  return { clock, take: (address = 'a') => limit.take(address) };
}

test("a minute's requests at once, then one for each that a minute brings", () => {
  const { clock, take } = limitOf(6);
  assert.deepEqual(
    Array.from({ length: 8 }, () => take()),
    [0, 0, 0, 0, 0, 0, 10, 10],
  );
  clock.ms += 9_999;
  assert.equal(take(), 1);
  clock.ms += 1;
  assert.deepEqual([take(), take()], [0, 10]);
});

test('a long silence saves up one minute and no more', () => {
  const { clock, take } = limitOf(3);
  take();
  clock.ms += 3_600_000;
  assert.deepEqual(
    Array.from({ length: 4 }, () => take()),
    [0, 0, 0, 20],
  );
});

test('the wait is in whole seconds, never none', () => {
  const { take } = limitOf(6_000);
  const waits = Array.from({ length: 6_002 }, () => take());
  assert.deepEqual([waits.indexOf(1), waits.lastIndexOf(0)], [6_000, 5_999]);
});

test('addresses do not count for each other', () => {
  const { take } = limitOf(1);
  assert.deepEqual([take('a'), take('b'), take('a'), take('b')], [0, 0, 60, 60]);
});

test('of too many addresses the one silent for longest is forgotten', () => {
  const { take } = limitOf(1);
  take('first');
  take('second');
  for (let i = 0; i < rateAddressesMax - 2; i++) take(`${i}`);
  assert.equal(take('first'), 60);
  take('one more');
  assert.deepEqual([take('first'), take('second')], [60, 0]);
});
