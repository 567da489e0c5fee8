import type { DatabaseSync } from 'node:sqlite';
import type { SealedPosition, Sealing } from '../../engine/store.ts';

/** Bytes of blocks removed in one go; deleted pages are overwritten, so this is written, and commits wait behind it. */
const prunedBytesMax = 1024 * 1024;
const prunedBlocksMax = 256;

/**
 * Makes sealed files visible and takes their lines out of the blocks, in one transaction: from then on whoever reads
 * finds each line in the files and, by the position, not in the blocks. The blocks themselves are removed later, step by
 * step (`preparePrune`): overwriting megabytes inside this transaction would hold up the commits behind it.
 */
export function prepareSeal(database: DatabaseSync): (sealing: Sealing) => void {
  const add = database.prepare(
    'INSERT INTO segments (file, project_id, day, from_id, to_id, rows, bytes, min_time, max_time, longest_line, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('DELETE FROM segments WHERE file = ?');
  const move = database.prepare(
    'INSERT INTO sealed (id, block_id, last_id) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET block_id = excluded.block_id, last_id = max(last_id, excluded.last_id)',
  );
  const count = database.prepare(
    'UPDATE erased SET files = files + (? > 0), lines = lines + ?, done_ms = coalesce(done_ms, ?) WHERE id = ?',
  );
  return (sealing) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const file of sealing.remove) remove.run(file);
      for (const it of sealing.add) {
        const bounds = [it.minTimeSec, it.maxTimeSec, it.longestLine] as const;
        add.run(it.file, it.project, it.day, it.fromId, it.toId, it.rows, it.bytes, ...bounds, it.sha256);
      }
      for (const { erasure, lines, doneMs } of sealing.erased ?? []) count.run(lines, lines, doneMs, erasure);
      if (sealing.position !== undefined) move.run(sealing.position.block, sealing.position.last);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

/**
 * Removes some blocks that are sealed, oldest first, but none with a line that a row of `profiles` may lack (`rows_up_to`).
 * Answers how many bytes they had.
 */
export function preparePrune(database: DatabaseSync): () => number {
  const find = database.prepare(
    `SELECT id, last_id <= (SELECT line FROM rows_up_to) AS free, length(body) AS bytes
     FROM blocks WHERE id <= (SELECT block_id FROM sealed) ORDER BY id LIMIT ${prunedBlocksMax}`,
  );
  const remove = database.prepare('DELETE FROM blocks WHERE id <= ?');
  return () => {
    let end: number | undefined;
    let bytes = 0;
    for (const row of find.all() as { id: number; free: number; bytes: number }[]) {
      if (row.free === 0 || (end !== undefined && bytes + row.bytes > prunedBytesMax)) break;
      end = row.id;
      bytes += row.bytes;
    }
    if (end !== undefined) remove.run(end);
    return bytes;
  };
}

/** How far the blocks are sealed; undefined before the first time. */
export function readSealedPosition(database: DatabaseSync): SealedPosition | undefined {
  const row = database.prepare('SELECT block_id AS block, last_id AS last FROM sealed').get();
  return row === undefined ? undefined : ({ ...row } as unknown as SealedPosition);
}
