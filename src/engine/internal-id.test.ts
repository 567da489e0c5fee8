/** Reading a profile by its internal id, in the order of everything else. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProfileId, ProjectId } from '../core/ids.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Item } from './batch.ts';
import { Engine } from './submit.ts';

const project = 1 as ProjectId;

const set = (name: string, city: string): Item => {
  const ids = [{ kind: 'user', value: name, attach: true }] as const;
  return {
    command: {
      kind: 'set_attributes',
      ids,
      create: true,
      attributes: [['city', city]],
      timeSec: null,
      keepNewer: false,
    },
  };
};
const byId = (profile: number): Item => ({
  command: { kind: 'read_profile', ids: [], create: false, profile: profile as ProfileId },
});
const byName = (name: string): Item => {
  const ids = [{ kind: 'user', value: name, attach: false }] as const;
  return { command: { kind: 'read_profile', ids, create: false } };
};

async function withStore(use: (store: SqliteStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-engine-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  const store = new SqliteStore(file);
  try {
    await use(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** Each is a process after the other: what the ones before have in memory it does not know. */
function start(store: SqliteStore) {
  const fail = (error: unknown) => assert.fail(String(error));
  const engine = new Engine({ store, clock: () => 1_700_000_000_000, onFatal: fail, onBug: fail });
  const send = async (items: readonly Item[]) => {
    const result = await engine.submit({ project, items, bytes: 0 });
    if (result.code !== 'done') return assert.fail(result.code);
    return result.outcomes.map((outcome) =>
      outcome.code === 'profile'
        ? { id: outcome.profile.id, city: outcome.profile.attributes.get('city')?.[1] }
        : outcome.code,
    );
  };
  return { engine, send };
}

async function twoUsers(send: ReturnType<typeof start>['send']) {
  const [, , ann, bob] = await send([set('ann', 'Brno'), set('bob', 'Oslo'), byName('ann'), byName('bob')]);
  if (typeof ann !== 'object' || typeof bob !== 'object') return assert.fail('they are not there');
  return { ann, bob };
}

test('an internal id names a profile in memory and on disk, several in one batch, and nobody else', async () => {
  await withStore(async (store) => {
    const { send } = start(store);
    const { ann, bob } = await twoUsers(send);
    const asked = [byId(ann.id), byId(bob.id), byId(ann.id + 1), byName('ann'), byId(bob.id)];
    const expected = [ann, bob, 'user_not_found', ann, bob];
    assert.deepEqual(await send(asked), expected);
    assert.deepEqual(await start(store).send(asked), expected, 'from disk');
    assert.deepEqual(await send([set('ann', 'Praha'), byId(ann.id)]), [
      'applied',
      { id: ann.id, city: 'Praha' },
    ]);
  });
});
