import assert from 'node:assert/strict';
import { evolve } from '../../core/evolve.ts';
import type { Line } from '../../core/line.ts';
import type { Profile } from '../../core/profile.ts';
import { writeProfile } from '../../core/profile-document.ts';
import type { StateStore, Wanted } from '../../engine/store.ts';
import type { Check } from './state-store.ts';
import {
  block,
  eventId,
  eventLine,
  identityKey,
  identityRow,
  profileId,
  shop,
  wanted,
  writeSet,
} from './write-sets.ts';

const ann = identityKey(shop, 'user', 'ann');

/** Rows may be written later than the lines that say what changed (see `WriteBehind`). */
export function rowsBehind(check: Check): void {
  check('a row says what was written; with its lines when it is asked for as behind', async ({ store }) => {
    const { row, current } = await leaveBehind(store);
    const documentOf = async (more: Partial<Wanted>) =>
      (await store.read(wanted({ identities: [ann], ...more }))).profiles.map((it) => it.document);
    assert.deepEqual(await documentOf({}), [row]);
    assert.deepEqual(await documentOf({ behind: [profileId(1), profileId(9)] }), [current]);
    assert.deepEqual(await documentOf({ profiles: [profileId(1)], behind: [profileId(1)] }), [current]);
  });

  check('opening brings every row up to date, once', async ({ store, reopen }) => {
    const { current } = await leaveBehind(store);
    for (let n = 0; n < 2; n++) {
      const reopened = await reopen();
      const { profiles } = await reopened.read(wanted({ identities: [ann] }));
      assert.deepEqual(profiles, [{ id: profileId(1), document: current }]);
    }
  });

  check('lines that all rows hold are not looked at again', async ({ store, reopen }) => {
    const { row } = await leaveBehind(store);
    // Not true, so that it shows.
    await store.commit(writeSet({ rowsUpTo: eventId(5) }));
    const reopened = await reopen();
    const { profiles } = await reopened.read(wanted({ identities: [ann], behind: [profileId(1)] }));
    assert.deepEqual(profiles, [{ id: profileId(1), document: row }]);
  });

  check(
    'a profile that became part of another stays gone, whatever lines it has',
    async ({ store, reopen }) => {
      const { current } = await leaveBehind(store);
      const document = current.replace(`"id":${profileId(1)}`, `"id":${profileId(6)}`);
      await store.commit(
        writeSet({
          profiles: [{ id: profileId(6), project: shop, document }],
          removed: [profileId(1), profileId(9)],
          identities: [identityRow(ann, 2, 6)],
        }),
      );
      const question = wanted({ identities: [ann], profiles: [profileId(1)], behind: [profileId(1)] });
      const expected = {
        identities: [profileId(6)],
        profiles: [{ id: profileId(6), document }],
        records: [],
        contents: [],
      };
      assert.deepEqual(await store.read(question), expected);
      assert.deepEqual(await (await reopen()).read(question), expected);
    },
  );
}

/** Ann as three commits leave her: her row says the first only, the third is not hers alone. */
async function leaveBehind(store: StateStore): Promise<{ row: string; current: string }> {
  const created: Line = {
    kind: 'created',
    id: eventId(1),
    project: shop,
    profile: profileId(1),
    atMs: 1_700_000_000_000,
    timeSec: 1_700_000_000,
    session: null,
  };
  const events = [2, 3, 4].map((n) => eventLine(n, 1));
  const fold = (lines: readonly Line[]) =>
    lines.reduce<Profile | undefined>((before, line) => evolve(before, line, () => ''), undefined) as Profile;
  const row = writeProfile(fold([created, ...events.slice(0, 1)]));
  await store.commit(
    writeSet({
      profiles: [{ id: profileId(1), project: shop, document: row }],
      identities: [identityRow(ann, 2, 1)],
      blocks: [block(shop, [created, ...events.slice(0, 1)])],
    }),
  );
  await store.commit(writeSet({ blocks: [block(shop, events.slice(1, 2))] }));
  const gone = eventLine(5, 9);
  await store.commit(writeSet({ blocks: [block(shop, [...events.slice(2), gone])] }));
  return { row, current: writeProfile(fold([created, ...events])) };
}
