import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { lowerPoolPriority, lowerPriority, poolThreads } from './pool-priority.ts';

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

test('threads of a name stand behind, and no other', {
  skip: process.platform !== 'linux' && 'only Linux gives threads a priority',
}, async () => {
  const before = getPriority();
  const code = `
    const { parentPort } = require('node:worker_threads');
    const { getPriority } = require('node:os');
    const { readlinkSync } = require('node:fs');
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    parentPort.on('message', () => parentPort.postMessage(getPriority(thread)));
  `;
  const priorityOf = async (worker: Worker) => {
    worker.postMessage('ask');
    return (await once(worker, 'message'))[0];
  };
  const [behind, other] = ['far-behind', 'other'].map((name) => new Worker(code, { eval: true, name }));
  assert.ok(behind && other);
  try {
    assert.deepEqual([await priorityOf(behind), await priorityOf(other)], [before, before]);
    lowerPriority('far-behind', before + 1);
    assert.deepEqual([await priorityOf(behind), await priorityOf(other)], [before + 1, before]);
  } finally {
    await Promise.all([behind.terminate(), other.terminate()]);
  }
});
