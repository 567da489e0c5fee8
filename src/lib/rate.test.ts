import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rate } from './rate.ts';

test('a rate is the growth between the oldest and the newest sample it keeps', () => {
  const rate = new Rate(2);
  assert.equal(rate.perSecond, 0);
  rate.sample(1_000, 0);
  assert.equal(rate.perSecond, 0);
  rate.sample(1_500, 1_000);
  assert.equal(rate.perSecond, 500);
  rate.sample(1_500, 2_000);
  assert.equal(rate.perSecond, 250);
  rate.sample(1_500, 3_000);
  assert.equal(rate.perSecond, 0, 'the first sample is too old by now');
});

test('a clock that stands still or goes back gives no rate', () => {
  const rate = new Rate(5);
  rate.sample(0, 1_000);
  rate.sample(10, 1_000);
  assert.equal(rate.perSecond, 0);
  rate.sample(20, 500);
  assert.equal(rate.perSecond, 0);
});
