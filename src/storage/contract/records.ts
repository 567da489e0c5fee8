import assert from 'node:assert/strict';
import type { StateStore } from '../../engine/store.ts';
import { hashKey } from '../../lib/bloom-filter.ts';
import type { Check } from './state-store.ts';
import { wanted, writeSet } from './write-sets.ts';

/** What every store does with idempotency records. */
export function recordChecks(check: Check): void {
  check('the keys of all records are known by their hashes, slice by slice', async ({ store }) => {
    const keys = Array.from({ length: 12_000 }, (_, n) => `key ${n}`);
    assert.deepEqual(await store.recordHashes(''), { hashes: Int32Array.of(), next: undefined });
    await store.commit(writeSet({ records: keys.map((key) => ({ key, document: '1' })) }));
    const found = new Set<string>();
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { hashes, next }: Awaited<ReturnType<StateStore['recordHashes']>> =
        await store.recordHashes(after);
      for (let n = 0; n < hashes.length; n += 2) found.add(hashes.slice(n, n + 2).join());
      after = next;
    }
    assert.deepEqual(found, new Set(keys.map((key) => Int32Array.from(hashKey(key)).join())));
  });

  check(
    'of a record that was stored again the newest is found, however many came between',
    async ({ store }) => {
      const put = (keys: readonly string[], document: string) =>
        store.commit(writeSet({ records: keys.map((key) => ({ key, document })) }));
      await put(['first', 'again', 'often'], '1');
      for (const n of [2, 3, 4]) {
        await put(['often'], String(n));
        await put(
          Array.from({ length: 3_000 }, (_, other) => `other ${n} ${other}`),
          '0',
        );
      }
      await put(['again'], '5');
      const { records } = await store.read(
        wanted({ records: ['first', 'again', 'often', 'other 2 0', 'none'] }),
      );
      assert.deepEqual(records, ['1', '5', '4', '0', null]);
    },
  );
}
