import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DevModeLimit } from './dev-mode-limit.ts';
import { devModeUsersMax } from './limits.ts';
import type { Call, Step } from './translate.ts';

/** Lets users call in development mode, all in one request, and says whether they may. */
function callerOf(limit: DevModeLimit) {
  const call = { credentials: { project: { id: 1 } }, isSdk: false, devMode: true };
  return (nowMs: number, ...userIds: readonly string[]): boolean => {
    const steps = userIds.map((userId) => ({ call: { ...call, user: { userId } } }));
    return limit.refuses(call as unknown as Call, steps as unknown as readonly Step[], nowMs) === undefined;
  };
}

test('who may call again is forgotten', () => {
  const limit = new DevModeLimit('api', 1_000);
  const call = callerOf(limit);
  assert.deepEqual([call(0, 'ann', 'bob'), call(500, 'cy'), limit.users], [true, true, 3]);
  assert.deepEqual([call(999, 'bob'), call(1_000, 'dan'), limit.users], [false, true, 2]);
  assert.deepEqual([call(1_499, 'cy'), call(1_500, 'cy'), limit.users], [false, true, 2]);
});

test('so are those from before the clock was set back', () => {
  const limit = new DevModeLimit('api', 1_000);
  const call = callerOf(limit);
  assert.deepEqual([call(60_000, 'ann', 'bob'), call(0, 'ann'), limit.users], [true, true, 1]);
  assert.deepEqual([call(1, 'ann'), call(1, 'bob')], [false, true]);
});

test('beyond the number of users who are remembered the one longest ago is forgotten', () => {
  const limit = new DevModeLimit('api', 1_000);
  const call = callerOf(limit);
  const many = Array.from({ length: devModeUsersMax }, (_, n) => `user-${n}`);
  assert.ok(call(0, ...many));
  assert.ok(call(1, 'one-more'));
  assert.deepEqual([limit.users, call(2, 'user-1'), call(2, 'user-0')], [devModeUsersMax, false, true]);
});
