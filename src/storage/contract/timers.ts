import assert from 'node:assert/strict';
import type { StateStore } from '../../engine/store.ts';
import { bank, block, eventLine, profileId, shop, writeSet } from './write-sets.ts';

/** What every store does with timers. */
export function timerChecks(
  check: (
    title: string,
    run: (under: { store: StateStore; reopen(): Promise<StateStore> }) => Promise<void>,
  ) => void,
): void {
  const timer = (dueMs: number, of: number, project = shop) => ({ dueMs, project, profile: profileId(of) });

  check('timers come in the order of time, those due before it, and only so many', async ({ store }) => {
    assert.deepEqual(await store.dueTimers(Number.MAX_SAFE_INTEGER, 10), []);
    await store.commit(writeSet({ timers: [timer(300, 1), timer(100, 2, bank), timer(200, 3)] }));
    await store.commit(writeSet({ timers: [timer(200, 1), timer(100, 2, bank)] }));
    const all = [timer(100, 2, bank), timer(200, 1), timer(200, 3), timer(300, 1)];
    assert.deepEqual(await store.dueTimers(301, 10), all);
    assert.deepEqual(await store.dueTimers(300, 10), all.slice(0, 3));
    assert.deepEqual(await store.dueTimers(301, 2), all.slice(0, 2));
    assert.deepEqual(await store.dueTimers(100, 10), []);
  });

  check('a timer that is done with is gone, others of its profile stay', async ({ store }) => {
    await store.commit(writeSet({ timers: [timer(100, 1), timer(200, 1), timer(100, 2)] }));
    await store.commit(writeSet({ doneTimers: [timer(100, 1), timer(999, 1)], timers: [timer(300, 1)] }));
    assert.deepEqual(await store.dueTimers(1000, 10), [timer(100, 2), timer(200, 1), timer(300, 1)]);
  });

  check('timers are part of their group: all of it or nothing', async ({ store, reopen }) => {
    const broken = { blocks: [block(shop, [eventLine(1, 1)])] };
    await store.commit(writeSet({ ...broken, timers: [timer(100, 1)] }));
    // Says again what is stored already.
    await assert.rejects(
      store.commit(writeSet({ ...broken, timers: [timer(200, 1)], doneTimers: [timer(100, 1)] })),
    );
    assert.deepEqual(await store.dueTimers(1000, 10), [timer(100, 1)]);
    const reopened = await reopen();
    assert.deepEqual(await reopened.dueTimers(1000, 10), [timer(100, 1)]);
  });
}
