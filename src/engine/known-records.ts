import { BloomFilter, hashKey, type KeyHash } from '../lib/bloom-filter.ts';
import { recordFilterBits } from './limits.ts';
import type { StateStore } from './store.ts';

/**
 * Which idempotency records may be in the store. Nearly every call of an SDK brings a new `uuid`; without this each of
 * them would cost a read of a random page to learn that it is new. Until all keys were read, every record may be there.
 */
export class KnownRecords {
  readonly #filter = new BloomFilter(recordFilterBits);
  #isComplete = false;

  mayHold(record: string): boolean {
    return !this.#isComplete || this.#filter.mayHold(hashKey(record));
  }

  add(record: string): void {
    this.#filter.add(hashKey(record));
  }

  /** Reads the keys of all records in the store, a slice at a time. Those that come meanwhile are added by `add`. */
  async load(store: Pick<StateStore, 'recordHashes'>): Promise<void> {
    let after: string | undefined = '';
    while (after !== undefined) {
      const { hashes, next }: Awaited<ReturnType<StateStore['recordHashes']>> =
        await store.recordHashes(after);
      for (let n = 0; n < hashes.length; n += 2)
        this.#filter.add([hashes[n], hashes[n + 1]] as unknown as KeyHash);
      after = next;
    }
    this.#isComplete = true;
  }
}
