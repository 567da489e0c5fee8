import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProjectId } from '../core/ids.ts';
import { Lookups } from './lookups.ts';
import type { DayOfLookups } from './store.ts';

const [shop, bank] = [1, 2] as ProjectId[] as [ProjectId, ProjectId];
const evening = Date.parse('2026-11-23T23:59:59.999Z');

test('counts by project and day; what is stored and what is not yet are one sum', async () => {
  const stored: (readonly DayOfLookups[])[] = [];
  const store = {
    addLookups: async (days: readonly DayOfLookups[]) => {
      stored.push(days);
    },
  };
  const lookups = new Lookups(store, [{ project: shop, day: '2026-11-23', users: 10 }]);
  lookups.count(bank, evening, 2);
  lookups.count(shop, evening + 1, 5);
  lookups.count(shop, evening, 1);
  lookups.count(shop, evening, 3);
  lookups.count(shop, evening, 0);
  const days = [
    { project: shop, day: '2026-11-23', users: 14 },
    { project: shop, day: '2026-11-24', users: 5 },
    { project: bank, day: '2026-11-23', users: 2 },
  ];
  assert.deepEqual(lookups.days(), days);
  await lookups.flush();
  await lookups.flush();
  assert.deepEqual(lookups.days(), days);
  assert.deepEqual(stored, [
    [
      { project: bank, day: '2026-11-23', users: 2 },
      { project: shop, day: '2026-11-24', users: 5 },
      { project: shop, day: '2026-11-23', users: 4 },
    ],
  ]);
});

test('what could not be stored is stored later, once', async () => {
  const stored: (readonly DayOfLookups[])[] = [];
  let full = true;
  const store = {
    addLookups: async (days: readonly DayOfLookups[]) => {
      if (full) throw new Error('no room');
      stored.push(days);
    },
  };
  const lookups = new Lookups(store, []);
  lookups.count(shop, evening, 1);
  await assert.rejects(lookups.flush(), /no room/);
  lookups.count(shop, evening, 2);
  full = false;
  await lookups.flush();
  await lookups.flush();
  assert.deepEqual(stored, [[{ project: shop, day: '2026-11-23', users: 3 }]]);
});
