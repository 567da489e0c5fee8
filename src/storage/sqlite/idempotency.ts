import type { DatabaseSync } from 'node:sqlite';
import type { StateStore } from '../../engine/store.ts';
import { hashKey } from '../../lib/bloom-filter.ts';

// Idempotency records stand in slices, in the order of time, and by key within each. So what comes between two
// checkpoints goes to the pages of one slice, and not each to a page of its own (docs/decisions/0005).

/** Records in a slice when there are few slices. */
const sliceRecords = 2_048;
/** With every so many slices those that are begun become twice as large: a look-up may have to try them all. */
const slicesPerDoubling = 32;
/** Rows looked at in one go, so that nothing waits behind it for longer than a few milliseconds. */
const rowsPerStep = 2_000;

/** Writes records to the newest slice; each start of the server begins one. The newest record of a key is the one that counts. */
export function preparePutRecord(
  database: DatabaseSync,
): (key: string, nowMs: number, document: string) => void {
  // Each end apart: asked for both at once, SQLite walks over all of the index.
  const findSlices = database.prepare(
    `SELECT coalesce((SELECT max(slice) FROM idempotency), 0) AS newest,
            coalesce((SELECT min(slice) FROM idempotency), 1) AS oldest`,
  );
  const put = database.prepare(
    `INSERT INTO idempotency (slice, key, at_ms, doc) VALUES (?, ?, ?, ?)
     ON CONFLICT (slice, key) DO UPDATE SET at_ms = excluded.at_ms, doc = excluded.doc`,
  );
  let slice = 0;
  let room = 0;
  return (key, nowMs, document) => {
    if (room === 0) {
      const { newest, oldest } = findSlices.get() as { newest: number; oldest: number };
      slice = newest + 1;
      room = sliceRecords * 2 ** Math.floor((slice - oldest) / slicesPerDoubling);
    }
    room -= 1;
    put.run(slice, key, nowMs, document);
  };
}

/** Finds the document of a key's newest record; null: there is none. A repeat mostly comes soon, so the newest slice first. */
export function prepareFindRecord(database: DatabaseSync): (key: string) => string | null {
  const find = database.prepare(`
    WITH RECURSIVE slices (nth) AS (
      SELECT max(slice) FROM idempotency
      UNION ALL
      SELECT nth - 1 FROM slices WHERE nth > (SELECT min(slice) FROM idempotency)
    )
    SELECT doc FROM slices CROSS JOIN idempotency ON slice = nth AND key = ? LIMIT 1
  `);
  return (key) => (find.get(key) as { doc: string } | undefined)?.doc ?? null;
}

export type RecordHashes = Awaited<ReturnType<StateStore['recordHashes']>>;

/** Reads the keys of all records, some at a time; see `StateStore.recordHashes`. */
export function prepareRecordHashes(database: DatabaseSync): (after: string) => RecordHashes {
  const find = database.prepare(
    `SELECT slice, key FROM idempotency WHERE (slice, key) > (?, ?) ORDER BY slice, key LIMIT ${rowsPerStep}`,
  );
  return (after) => {
    const [slice = 0, key = ''] = after === '' ? [] : (JSON.parse(after) as [number, string]);
    const rows = find.all(slice, key) as { slice: number; key: string }[];
    const last = rows.at(-1);
    return {
      hashes: Int32Array.from(rows.flatMap((row) => hashKey(row.key))),
      next:
        last === undefined || rows.length < rowsPerStep ? undefined : JSON.stringify([last.slice, last.key]),
    };
  };
}

/** Removes records older than `beforeMs`, looking at some of the table at each call, round and round. */
export function prepareExpire(database: DatabaseSync): (beforeMs: number) => void {
  const findEnd = database.prepare(
    `SELECT slice, key FROM idempotency WHERE (slice, key) > (?, ?) ORDER BY slice, key LIMIT 1 OFFSET ${rowsPerStep - 1}`,
  );
  const remove = database.prepare(
    'DELETE FROM idempotency WHERE (slice, key) > (?, ?) AND (slice, key) <= (?, ?) AND at_ms < ?',
  );
  const front = { slice: 0, key: '' };
  const behindAll = { slice: Number.MAX_SAFE_INTEGER, key: '' };
  let after = front;
  return (beforeMs) => {
    const end = findEnd.get(after.slice, after.key) as typeof front | undefined;
    const upTo = end ?? behindAll;
    remove.run(after.slice, after.key, upTo.slice, upTo.key, beforeMs);
    after = end ?? front;
  };
}
