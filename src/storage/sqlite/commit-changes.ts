import type { DatabaseSync } from 'node:sqlite';
import type { WriteSet } from '../../engine/store.ts';
import { compressText } from '../../lib/compressed-text.ts';
import { preparePutRecord } from './idempotency.ts';

/** SQLite's default page. */
const pageBytes = 4096;

/** Writes one kind of rows of a group; answers about how many bytes the WAL grew by: a page for every row but a block. */
type Write = (group: WriteSet) => number;

/**
 * Writes one group in one transaction: rows of profiles, new identities, one block per project, what is erased, idempotency
 * records, timers, contents of projects. When COMMIT returns, the WAL is synced.
 */
export function prepareCommit(database: DatabaseSync): Write {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const end = database.prepare('COMMIT');
  const writes = [prepareProfiles(database), prepareLines(database), prepareOthers(database)];
  return (group) => {
    begin.run();
    try {
      const bytes = writes.reduce((sum, write) => sum + write(group), 0);
      end.run();
      return bytes;
    } catch (error) {
      // SQLite has rolled back by itself after some errors.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

function prepareProfiles(database: DatabaseSync): Write {
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
  return ({ profiles, removed, identities, detached }) => {
    let bytes = (profiles.length + removed.length + identities.length) * pageBytes;
    // In the order of the table, so that neighbours on a page are written together.
    for (const { id, project, document } of [...profiles].sort((a, b) => a.id - b.id)) {
      putProfile.run(id, project, document);
      bytes += document.length;
    }
    for (const id of removed) removeProfile.run(id);
    for (const { project, kind, value } of detached) removeIdentity.run(project, kind, value);
    for (const { project, kind, value, id, profile } of identities) {
      putIdentity.run(project, kind, value, id, profile);
    }
    return bytes;
  };
}

function prepareLines(database: DatabaseSync): Write {
  const putBlock = database.prepare(
    'INSERT INTO blocks (id, last_id, project_id, at_ms, lines, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const putErasure = database.prepare(
    'INSERT INTO erased (project_id, profile_id, up_to, scope, at_ms) VALUES (?, ?, ?, ?, ?)',
  );
  return ({ blocks, erasures, nowMs }) => {
    let bytes = 0;
    for (const block of blocks) {
      const body = compressText(block.body);
      bytes += pageBytes + body.length;
      putBlock.run(block.firstEvent, block.lastEvent, block.project, nowMs, block.lines, body);
    }
    for (const { project, profile, upTo, scope } of erasures)
      putErasure.run(project, profile, upTo, scope, nowMs);
    return bytes;
  };
}

function prepareOthers(database: DatabaseSync): Write {
  const putRecord = preparePutRecord(database);
  const putContent = database.prepare(
    'INSERT INTO contents (project_id, part, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc',
  );
  const setTimer = database.prepare(
    'INSERT OR IGNORE INTO timers (due_ms, profile_id, project_id) VALUES (?, ?, ?)',
  );
  const removeTimer = database.prepare('DELETE FROM timers WHERE due_ms = ? AND profile_id = ?');
  const putRowsUpTo = database.prepare('UPDATE rows_up_to SET line = ?');
  return ({ records, contents, doneTimers, timers, rowsUpTo, nowMs }) => {
    let bytes = 0;
    for (const { key, document } of records) {
      putRecord(key, nowMs, document);
      bytes += pageBytes + document.length;
    }
    for (const { dueMs, profile } of doneTimers) removeTimer.run(dueMs, profile);
    for (const { dueMs, profile, project } of timers) setTimer.run(dueMs, profile, project);
    for (const { project, part, document } of contents) {
      putContent.run(project, part, document);
      bytes += pageBytes + document.length;
    }
    if (rowsUpTo !== undefined) putRowsUpTo.run(rowsUpTo);
    return bytes;
  };
}
