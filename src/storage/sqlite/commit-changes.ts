import type { DatabaseSync } from 'node:sqlite';
import { constants, zstdCompressSync } from 'node:zlib';
import type { WriteSet } from '../../engine/store.ts';

/** SQLite's default page. */
const pageBytes = 4096;
/** Level 1: a block of 1,000 lines in about half a millisecond, a tenth of its size; higher levels gain little. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Writes one group in one transaction: rows of profiles, new identities, one block per project, idempotency records,
 * timers, contents of projects.
 * When COMMIT returns, the WAL is synced. Answers about how many bytes the WAL grew by: a page for every row but a block.
 */
export function prepareCommit(database: DatabaseSync): (group: WriteSet) => number {
  const putProfile = database.prepare(
    'INSERT INTO profiles (id, project_id, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc',
  );
  const removeProfile = database.prepare('DELETE FROM profiles WHERE id = ?');
  const putIdentity = database.prepare(
    'INSERT INTO identities (project_id, kind, value, id, profile_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET id = excluded.id, profile_id = excluded.profile_id',
  );
  const removeIdentity = database.prepare(
    'DELETE FROM identities WHERE project_id = ? AND kind = ? AND value = ?',
  );
  const putBlock = database.prepare(
    'INSERT INTO blocks (id, last_id, project_id, at_ms, lines, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const putRecord = database.prepare(
    'INSERT INTO idempotency (key, at_ms, doc) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET at_ms = excluded.at_ms, doc = excluded.doc',
  );
  const putRowsUpTo = database.prepare('UPDATE rows_up_to SET line = ?');

  const putContent = database.prepare(
    'INSERT INTO contents (project_id, part, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc',
  );
  const setTimer = database.prepare(
    'INSERT OR IGNORE INTO timers (due_ms, profile_id, project_id) VALUES (?, ?, ?)',
  );
  const removeTimer = database.prepare('DELETE FROM timers WHERE due_ms = ? AND profile_id = ?');

  return (group) => {
    const { profiles: rows, removed, identities, records } = group;
    let bytes = (rows.length + removed.length + identities.length + records.length) * pageBytes;
    database.exec('BEGIN IMMEDIATE');
    try {
      // In the order of the table, so that neighbours on a page are written together.
      const profiles = [...rows].sort((a, b) => a.id - b.id);
      for (const { id, project, document } of profiles) {
        putProfile.run(id, project, document);
        bytes += document.length;
      }
      for (const id of group.removed) removeProfile.run(id);
      for (const { project, kind, value } of group.detached) removeIdentity.run(project, kind, value);
      for (const { project, kind, value, id, profile } of identities) {
        putIdentity.run(project, kind, value, id, profile);
      }
      for (const block of group.blocks) {
        const body = zstdCompressSync(block.body, compression);
        bytes += pageBytes + body.length;
        putBlock.run(block.firstEvent, block.lastEvent, block.project, group.nowMs, block.lines, body);
      }
      for (const { key, document } of group.records) putRecord.run(key, group.nowMs, document);
      for (const { dueMs, profile } of group.doneTimers) removeTimer.run(dueMs, profile);
      for (const { dueMs, profile, project } of group.timers) setTimer.run(dueMs, profile, project);
      for (const { project, part, document } of group.contents) {
        putContent.run(project, part, document);
        bytes += pageBytes + document.length;
      }
      if (group.rowsUpTo !== undefined) putRowsUpTo.run(group.rowsUpTo);
      database.exec('COMMIT');
      return bytes;
    } catch (error) {
      // SQLite has rolled back by itself after some errors.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}
