import type { DatabaseSync } from 'node:sqlite';
import type { StateStore } from '../../engine/store.ts';
import { hashKey } from '../../lib/bloom-filter.ts';

export type RecordHashes = Awaited<ReturnType<StateStore['recordHashes']>>;

/** Rows of one slice: states wait a few milliseconds behind it. */
const rowsPerSlice = 5_000;

/** Reads the keys of idempotency records, a slice at a time. */
export function prepareRecordHashes(database: DatabaseSync): (after: string) => RecordHashes {
  const find = database.prepare(
    `SELECT key FROM idempotency WHERE key > ? ORDER BY key LIMIT ${rowsPerSlice}`,
  );
  return (after) => {
    const rows = find.all(after) as { key: string }[];
    const hashes = Int32Array.from(rows.flatMap(({ key }) => hashKey(key)));
    return { hashes, next: rows.length < rowsPerSlice ? undefined : rows.at(-1)?.key };
  };
}
