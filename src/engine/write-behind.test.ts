import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventId, ProfileId, ProjectId } from '../core/ids.ts';
import { newProfile, type Profile } from '../core/profile.ts';
import { Cache } from './cache.ts';
import { behindLinesMax, rowsBytesMax } from './limits.ts';
import { WriteBehind } from './write-behind.ts';

const project = 1 as ProjectId;
const line = (n: number) => n as EventId;

/** Profiles 1 to `count` in memory, changed by group 1 and by no later one. */
function start(count: number, { cacheBytes = 1_000_000_000 } = {}) {
  const cache = new Cache<ProfileId, Profile>();
  const behind = new WriteBehind(cache, { lastEvent: line(0), cacheBytes });
  const profiles = Array.from({ length: count }, (_, n) => newProfile((n + 1) as ProfileId, project, 0));
  const change = (profile: Profile, group: number) => {
    cache.set(profile.id, profile, profile.size, group, Number.POSITIVE_INFINITY);
    behind.add(profile);
  };
  for (const profile of profiles) change(profile, 1);
  const isInMemory = (id: number) => {
    cache.sweep(0, 1_000);
    return cache.has(id as ProfileId);
  };
  return { cache, behind, profiles, change, isInMemory };
}

const idsOf = (profiles: readonly Profile[]) => profiles.map((it) => it.id as number);

describe('rows', () => {
  test('nothing is written as long as little is behind', () => {
    const { behind, isInMemory } = start(100);
    assert.deepEqual(behind.rowsOf(2, [], line(500)), { profiles: [], upTo: undefined });
    assert.ok(behind.any);
    assert.ok(isInMemory(1), 'what is behind stays');
  });

  test('what is due is written at once, and is behind no more', () => {
    const { behind, profiles, isInMemory } = start(1);
    assert.deepEqual(idsOf(behind.rowsOf(1, profiles, line(3)).profiles), [1]);
    assert.ok(!behind.any);
    assert.ok(!isInMemory(1));
  });

  test('all of it: in the order of the table, with the note that nothing is missing', () => {
    const { behind, profiles, change } = start(3);
    for (const profile of [...profiles].reverse()) change(profile, 2);
    const rows = behind.rowsOf(2, [], line(9), true);
    assert.deepEqual([idsOf(rows.profiles), rows.upTo], [[1, 2, 3], 9]);
    assert.ok(!behind.any);
  });
});

describe('a pass', () => {
  test('begins after many lines, writes a few rows with each group, and notes where it began', () => {
    const { behind } = start(100);
    behind.rowsOf(1, [], line(100));
    const written: number[] = [];
    const notes: unknown[] = [];
    const began = behindLinesMax + 1;
    for (let group = 2; behind.any; group++) {
      const rows = behind.rowsOf(group, [], line(began + group - 2));
      assert.ok(rows.profiles.length <= 8);
      written.push(...idsOf(rows.profiles));
      notes.push(rows.upTo);
    }
    assert.deepEqual(
      written,
      Array.from({ length: 100 }, (_, n) => n + 1),
    );
    assert.deepEqual(notes, [...Array(12).fill(undefined), began]);
    assert.deepEqual(behind.rowsOf(20, [], line(began + 20)), { profiles: [], upTo: undefined });
  });

  test('begins when much memory is behind', () => {
    const { behind } = start(10, { cacheBytes: 4_000 });
    assert.deepEqual(behind.rowsOf(2, [], line(11)).upTo, 11);
  });

  test('begins when somebody wants it, also over nothing', () => {
    const { behind } = start(0);
    assert.equal(behind.rowsOf(2, [], line(7)).upTo, undefined);
    behind.want(line(7)).catch(() => undefined);
    assert.equal(behind.rowsOf(3, [], line(8)).upTo, 8);
    assert.equal(behind.rowsOf(4, [], line(9)).upTo, undefined);
  });

  test('who wants it hears when a pass that began later is on disk, or that there is no room, or no store', async () => {
    const { behind, profiles } = start(40);
    const heard: string[] = [];
    const hear = (upTo: number) =>
      behind.want(line(upTo)).then(
        () => heard.push('stored'),
        (error: Error) => heard.push(error.name),
      );
    behind.rowsOf(1, [], line(40));
    assert.equal(behind.rowsOf(2, [], line(behindLinesMax + 1)).upTo, undefined);
    const first = hear(behindLinesMax + 2);
    const { upTo } = behind.rowsOf(3, [], line(behindLinesMax + 3));
    assert.equal(upTo, behindLinesMax + 1);
    behind.stored(upTo);
    await Promise.resolve();
    assert.deepEqual(heard, []);
    behind.stored(behind.rowsOf(4, [], line(behindLinesMax + 4)).upTo);
    await first;
    const second = hear(behindLinesMax + 4);
    behind.refused(profiles.slice(0, 1), []);
    await second;
    const third = hear(1);
    behind.giveUp(new Error('disk'));
    await Promise.all([third, hear(1)]);
    assert.deepEqual(heard, ['stored', 'StoreFullError', 'Error', 'Error']);
  });

  test('goes on until all is on disk for whom it is wanted, however many rows there are', async () => {
    const { behind, profiles } = start(3);
    for (const profile of profiles) profile.size = rowsBytesMax;
    const written = behind.want(line(3));
    for (const upTo of [undefined, undefined, 4]) {
      assert.ok(behind.isWanted);
      const rows = behind.rowsOf(2, [], line(4), true);
      assert.deepEqual([rows.profiles.length, rows.upTo], [1, upTo]);
      behind.stored(rows.upTo);
    }
    await written;
    assert.ok(!behind.isWanted);
  });

  test('goes on in small steps when there is nothing else to write, so that who comes next does not wait for all', () => {
    const { behind } = start(1_000);
    behind.rowsOf(1, [], line(1_000));
    const sizes: number[] = [];
    for (let group = 2; behind.any; group++)
      sizes.push(behind.rowsOf(group, [], line(9), true).profiles.length);
    assert.equal(
      sizes.reduce((sum, it) => sum + it, 0),
      1_000,
    );
    assert.ok(Math.max(...sizes) <= 128, String(sizes));
  });

  test('what changes during a pass is behind again, unless its row was still to come', () => {
    const { behind, profiles, change } = start(9);
    behind.rowsOf(1, [], line(9));
    const [first, last] = [profiles[0] as Profile, profiles[8] as Profile];
    assert.equal(behind.rowsOf(2, [], line(behindLinesMax + 1)).upTo, undefined);
    change(first, 3);
    change(last, 3);
    assert.equal(behind.rowsOf(3, [], line(behindLinesMax + 2)).upTo, behindLinesMax + 1);
    const rest = behind.rowsOf(4, [], line(behindLinesMax + 3), true);
    assert.deepEqual([idsOf(rest.profiles), rest.upTo], [[1], behindLinesMax + 3]);
  });

  test('what had to be written meanwhile and was read anew is not overwritten by what it was', () => {
    const { behind, profiles, cache } = start(9);
    behind.rowsOf(1, [], line(9));
    assert.equal(behind.rowsOf(2, [], line(behindLinesMax + 1)).profiles.length, 8);
    const last = profiles[8] as Profile;
    behind.rowsOf(3, [last], line(behindLinesMax + 2));
    cache.sweep(0, 3);
    assert.ok(!cache.has(last.id));
    assert.deepEqual(idsOf(behind.rowsOf(4, [], line(behindLinesMax + 3), true).profiles), []);
  });
});

describe('a refused group', () => {
  test('its rows are behind again; who was forgotten is lost until read', () => {
    const { behind, profiles, cache, change } = start(3);
    const rows = behind.rowsOf(2, [], line(9), true);
    change(profiles[2] as Profile, 3);
    const forgotten = cache.forgetSince(3);
    behind.refused(rows.profiles, forgotten);
    assert.deepEqual([...behind.lost], [3]);
    // Nobody may say that all lines are in the rows before the lost one is found.
    assert.deepEqual(behind.rowsOf(3, [], line(9), true), { profiles: [], upTo: undefined });
    cache.install(3 as ProfileId, newProfile(3 as ProfileId, project, 0), 1);
    behind.found(behind.lost);
    const again = behind.rowsOf(4, [], line(10), true);
    assert.deepEqual([idsOf(again.profiles), again.upTo], [[1, 2, 3], 10]);
  });

  test('who never was stored is not looked for', () => {
    const { behind, cache } = start(1);
    behind.refused([], cache.forgetSince(1));
    behind.found(behind.lost);
    assert.ok(!behind.any);
  });
});
