import type { DatabaseSync } from 'node:sqlite';
import type { ErasureReceipt } from '../../engine/store.ts';

/** The newest erasures, newest first, at most `max`. */
export function readErasures(database: DatabaseSync, max: number): ErasureReceipt[] {
  const rows = database
    .prepare(
      `SELECT id, project_id AS project, profile_id AS profile, scope, at_ms AS askedMs, done_ms AS doneMs, files, lines
       FROM erased ORDER BY id DESC LIMIT ?`,
    )
    .all(max);
  return rows.map((row) => ({ ...row }) as unknown as ErasureReceipt);
}
