import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StateStore, WriteSet } from '../../engine/store.ts';
import { contentChecks } from './contents.ts';
import { recordChecks } from './records.ts';
import { rowsBehind } from './rows-behind.ts';
import { timerChecks } from './timers.ts';
import {
  bank,
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

export interface StateStoreUnderTest {
  readonly store: StateStore;
  /** Closes the store and opens what it stored, as after a restart. */
  reopen(): Promise<StateStore>;
  close(): Promise<void>;
}

/** What every store of states does; `create` makes an empty one. */
export function stateStoreContract(name: string, create: () => Promise<StateStoreUnderTest>): void {
  const check = (title: string, run: (under: StateStoreUnderTest) => Promise<void>) => {
    test(title, async () => {
      const under = await create();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };
  describe(`${name} keeps states`, () => {
    reads(check);
    values(check);
    snapshots(check);
    commits(check);
    timerChecks(check);
    contentChecks(check);
    recordChecks(check);
    rowsBehind(check);
    restarts(check);
  });
}

export type Check = (title: string, run: (under: StateStoreUnderTest) => Promise<void>) => void;

const ann = identityKey(shop, 'user', 'ann');
const annsPhone = identityKey(shop, 'device', 'phone');
const nobody = identityKey(shop, 'user', 'nobody');

/** Ann, with two ids and one record. */
const annJoins: WriteSet = writeSet({
  profiles: [{ id: profileId(1), project: shop, document: '{"of":"ann"}' }],
  identities: [identityRow(ann, 2, 1), identityRow(annsPhone, 3, 1)],
  blocks: [block(shop, [eventLine(1, 1), eventLine(2, 1), eventLine(3, 1)])],
  records: [{ key: 'key/ann', document: '["1"]' }],
  rowsUpTo: eventId(3),
});

function reads(check: Check): void {
  check('nobody is known to an empty store', async ({ store }) => {
    const found = await store.read(
      wanted({ identities: [ann, nobody], profiles: [profileId(1)], records: ['key/ann'] }),
    );
    assert.deepEqual(found, { identities: [null, null], profiles: [], records: [null], contents: [] });
  });

  check('a commit is read as soon as it resolves', async ({ store }) => {
    await store.commit(annJoins);
    const found = await store.read(
      wanted({ identities: [ann], profiles: [profileId(1)], records: ['key/ann'] }),
    );
    assert.deepEqual(found, {
      identities: [profileId(1)],
      profiles: [{ id: profileId(1), document: '{"of":"ann"}' }],
      records: ['["1"]'],
      contents: [],
    });
  });

  check('a profile comes along with the ids that name it, once', async ({ store }) => {
    await store.commit(annJoins);
    const found = await store.read(wanted({ identities: [annsPhone, nobody, ann, annsPhone] }));
    assert.deepEqual(found.identities, [profileId(1), null, profileId(1), profileId(1)]);
    assert.deepEqual(found.profiles, [{ id: profileId(1), document: '{"of":"ann"}' }]);
  });

  check('the answer is parallel to the question, with null for what nobody has', async ({ store }) => {
    await store.commit(writeSet({ records: ['a', 'b'].map((key) => ({ key, document: `"${key}"` })) }));
    const { records } = await store.read(wanted({ records: ['x', 'b', 'y', 'a', 'b'] }));
    assert.deepEqual(records, [null, '"b"', null, '"a"', '"b"']);
  });
}

function values(check: Check): void {
  check('ids and keys are what they are, character by character', async ({ store }) => {
    const texts = ["a'n", ...'ann|Ann|ann |ann\0|ann\0b||é|e\u0301|😀|1|01|1.0'.split('|')];
    const keys = texts.flatMap((value) => [
      identityKey(shop, 'user', value),
      identityKey(shop, 'cookie', value),
      identityKey(bank, 'user', value),
    ]);
    await store.commit(
      writeSet({
        profiles: keys.map(({ project }, n) => ({ id: profileId(n), project, document: `${n}` })),
        identities: keys.map((key, n) => identityRow(key, n, n)),
        records: texts.map((key) => ({ key, document: JSON.stringify(key) })),
      }),
    );
    const found = await store.read(wanted({ identities: keys, records: texts }));
    assert.deepEqual(
      found.identities,
      keys.map((_, n) => profileId(n)),
    );
    assert.deepEqual(
      found.records,
      texts.map((key) => JSON.stringify(key)),
    );
  });

  check('documents come back byte for byte', async ({ store }) => {
    // One-line JSON, which is all the engine writes.
    const documents = ['{}', '"😀 \u2028 é"', `"${'x'.repeat(300_000)}"`, '["\\n", 2]', '1e400'];
    await store.commit(
      writeSet({
        profiles: documents.map((document, n) => ({ id: profileId(n), project: shop, document })),
        records: documents.map((document, n) => ({ key: `${n}`, document })),
      }),
    );
    const found = await store.read(
      wanted({
        profiles: documents.map((_, n) => profileId(n)),
        records: documents.map((_, n) => `${n}`),
      }),
    );
    assert.deepEqual(new Set(found.profiles.map((it) => it.document)), new Set(documents));
    assert.deepEqual(found.records, documents);
  });
}

function snapshots(check: Check): void {
  check('a read is one snapshot, never older than the commits before it', async ({ store }) => {
    let stored = -1;
    const writing = (async () => {
      for (let n = 0; n < 100; n++) {
        await store.commit(numbered(n));
        stored = n;
      }
    })();
    let seen = -1;
    while (seen < 99) {
      const atLeast = stored;
      const found = await store.read(wanted({ profiles: [profileId(1), profileId(2)], records: ['r'] }));
      const numbers = [...found.profiles.map((it) => it.document), found.records[0] ?? null];
      const now = Number(found.records[0] ?? -1);
      if (now >= 0) assert.deepEqual(numbers, [`${now}`, `${now}`, `${now}`], 'parts of two commits');
      assert.ok(now >= atLeast, `read ${now} after ${atLeast} was stored`);
      assert.ok(now >= seen, `read ${now} after ${seen}`);
      seen = now;
    }
    await writing;
  });
}

/** A group whose parts all say the same number. */
function numbered(n: number): WriteSet {
  const document = `${n}`;
  return writeSet({
    profiles: [1, 2].map((of) => ({ id: profileId(of), project: shop, document })),
    blocks: [block(shop, [eventLine(n + 10, 1)])],
    records: [{ key: 'r', document }],
  });
}

function commits(check: Check): void {
  check('a later commit replaces profiles and records', async ({ store }) => {
    await store.commit(annJoins);
    await store.commit(
      writeSet({
        profiles: [{ id: profileId(1), project: shop, document: '"new"' }],
        records: [{ key: 'key/ann', document: '"newer"' }],
      }),
    );
    const found = await store.read(wanted({ identities: [ann], records: ['key/ann'] }));
    assert.deepEqual(found.profiles, [{ id: profileId(1), document: '"new"' }]);
    assert.deepEqual(found.records, ['"newer"']);
  });

  check('groups handed over together are stored in the order of the calls', async ({ store }) => {
    const order: number[] = [];
    const commit = (n: number) => store.commit(numbered(n)).then(() => order.push(n));
    await Promise.all([commit(1), commit(2), commit(3)]);
    assert.deepEqual(order, [1, 2, 3]);
    const found = await store.read(wanted({ profiles: [profileId(1)], records: ['r'] }));
    assert.deepEqual([found.profiles[0]?.document, found.records[0]], ['3', '3']);
  });

  check('a group of nothing is stored', async ({ store }) => {
    const before = store.lastEvent();
    await store.commit(writeSet({}));
    assert.equal(store.lastEvent(), before);
  });

  check('an id that was taken away is free for somebody else', async ({ store }) => {
    await store.commit(annJoins);
    await store.commit(writeSet({ detached: [annsPhone, nobody] }));
    const question = wanted({ identities: [ann, annsPhone] });
    assert.deepEqual((await store.read(question)).identities, [profileId(1), null]);
    await store.commit(
      writeSet({
        profiles: [{ id: profileId(4), project: shop, document: '"bob"' }],
        identities: [identityRow(annsPhone, 5, 4)],
      }),
    );
    assert.deepEqual((await store.read(question)).identities, [profileId(1), profileId(4)]);
  });

  check('a group that cannot be stored as a whole leaves nothing', async ({ store }) => {
    await store.commit(annJoins);
    const before = store.lastEvent();
    // The last block says again what is stored already: line ids are unique.
    const broken = writeSet({
      profiles: [{ id: profileId(5), project: shop, document: '"half"' }],
      identities: [identityRow(nobody, 6, 5)],
      detached: [annsPhone],
      blocks: [block(shop, [eventLine(5, 5)]), block(shop, [eventLine(1, 1)])],
      records: [{ key: 'key/half', document: '"half"' }],
    });
    await assert.rejects(store.commit(broken), (error: Error) => error.name !== 'StoreFullError');
    const found = await store.read(
      wanted({ identities: [ann, annsPhone, nobody], profiles: [profileId(5)], records: ['key/half'] }),
    );
    assert.deepEqual(found, {
      identities: [profileId(1), profileId(1), null],
      profiles: [{ id: profileId(1), document: '{"of":"ann"}' }],
      records: [null],
      contents: [],
    });
    assert.equal(store.lastEvent(), before);
  });
}

function restarts(check: Check): void {
  check('what was stored is there after reopening', async ({ store, reopen }) => {
    await store.commit(annJoins);
    const question = wanted({ identities: [ann, annsPhone], records: ['key/ann'] });
    const before = await store.read(question);
    const reopened = await reopen();
    assert.deepEqual(await reopened.read(question), before);
    assert.equal(before.profiles.length, 1);
  });

  check('the newest line id grows with the commits and survives', async ({ store, reopen }) => {
    const empty = store.lastEvent();
    assert.ok(empty < eventId(1));
    // Two projects share a group: the block that begins last is not the one that ends last.
    const shops = [eventLine(1, 1), eventLine(4, 1), eventLine(9, 1)];
    const banks = [eventLine(2, 2, { project: bank }), eventLine(5, 2, { project: bank })];
    await store.commit(writeSet({ blocks: [block(shop, shops), block(bank, banks)] }));
    assert.equal(store.lastEvent(), eventId(9));
    await store.commit(writeSet({ records: [{ key: 'r', document: '1' }] }));
    const reopened = await reopen();
    assert.equal(reopened.lastEvent(), eventId(9));
    await reopened.commit(writeSet({ blocks: [block(shop, [eventLine(10, 1)])] }));
    assert.equal(reopened.lastEvent(), eventId(10));
  });

  check('an empty store is empty after reopening', async ({ store, reopen }) => {
    const before = store.lastEvent();
    assert.equal((await reopen()).lastEvent(), before);
  });
}
