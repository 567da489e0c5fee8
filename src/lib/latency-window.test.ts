import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyWindow } from './latency-window.ts';

/** Within the width of a bucket. */
function isAbout(actual: number | null, expected: number): void {
  assert.ok(actual !== null && actual >= expected && actual <= expected * 1.19, `${actual} for ${expected}`);
}

test('nothing happened: no quantile', () => {
  assert.equal(new LatencyWindow().quantile(0.99), null);
});

test('quantiles are right to the width of a bucket', () => {
  const window = new LatencyWindow();
  for (let ms = 1; ms <= 1000; ms++) window.add(ms);
  isAbout(window.quantile(0.5), 500);
  isAbout(window.quantile(0.99), 990);
  isAbout(window.quantile(1), 1000);
});

test('what is too short or too long for the buckets counts at their ends', () => {
  const window = new LatencyWindow();
  window.add(0);
  assert.equal(window.quantile(1), 0.05);
  window.add(1e9);
  assert.ok((window.quantile(1) as number) > 80_000);
});

test('old slots are forgotten', () => {
  const window = new LatencyWindow();
  window.add(100);
  for (let i = 0; i < 59; i++) window.tick();
  window.add(1);
  isAbout(window.quantile(1), 100);
  window.tick();
  isAbout(window.quantile(1), 1);
});
