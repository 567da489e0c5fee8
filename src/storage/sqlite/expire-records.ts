import type { DatabaseSync } from 'node:sqlite';

/** Rows looked at in one go, so that no commit waits long behind it. */
const rowsPerStep = 2_000;

/**
 * Removes idempotency records older than `beforeMs`, a slice of the table at each call, round and round. An index by
 * time would cost a page for every request; the table is small enough to be walked.
 */
export function prepareExpire(database: DatabaseSync): (beforeMs: number) => void {
  const findEnd = database.prepare(
    `SELECT max(key) AS last, count(*) AS n FROM (SELECT key FROM idempotency WHERE key > ? ORDER BY key LIMIT ${rowsPerStep})`,
  );
  const remove = database.prepare('DELETE FROM idempotency WHERE key > ? AND key <= ? AND at_ms < ?');
  let after = '';
  return (beforeMs) => {
    const { last, n } = findEnd.get(after) as { last: string | null; n: number };
    if (last !== null) remove.run(after, last, beforeMs);
    after = last === null || n < rowsPerStep ? '' : last;
  };
}
