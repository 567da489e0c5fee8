import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayOfLookups, LookupStore } from '../../engine/store.ts';
import { bank, shop } from './write-sets.ts';

export interface LookupsUnderTest {
  readonly store: LookupStore;
  /** What a new start finds. */
  stored(): readonly DayOfLookups[];
  close(): Promise<void>;
}

/** What every store of look-ups does; `create` makes an empty one. */
export function lookupsContract(name: string, create: () => Promise<LookupsUnderTest>): void {
  test(`${name} adds up look-ups by project and day`, async (t) => {
    const { store, stored, close } = await create();
    t.after(close);
    assert.deepEqual(stored(), []);
    const first = { project: shop, day: '2026-11-23', users: 3 };
    await Promise.all([store.addLookups([first]), store.addLookups([{ ...first, users: 4 }])]);
    const others = [
      { ...first, day: '2026-11-24', users: 1 },
      { ...first, project: bank, users: 2 },
    ];
    await store.addLookups(others);
    const found = stored().map(({ project, day, users }) => ({ project, day, users }));
    const all = [{ ...first, users: 7 }, ...others];
    for (const each of all) assert.ok(found.some((it) => JSON.stringify(it) === JSON.stringify(each)));
    assert.equal(found.length, all.length);
  });
}
