import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { lowerPoolPriority, poolThreads } from './pool-priority.ts';

test('the pool stands behind, the other threads stay where they are', {
  skip: process.platform !== 'linux' && 'only Linux gives threads a priority',
}, async () => {
  await stat('.');
  const before = getPriority();
  const pool = poolThreads();
  assert.ok(pool.length > 0);
  lowerPoolPriority(before + 1);
  for (const thread of pool) assert.equal(getPriority(thread), before + 1);
  // Who is not root may not raise it again: what is behind already stays, as under nice(1).
  lowerPoolPriority(before);
  for (const thread of pool) assert.equal(getPriority(thread), before + 1);
  assert.equal(getPriority(process.pid), before);
});
