import { DatabaseSync } from 'node:sqlite';

/**
 * Pages a writer may keep in memory, KiB. When a commit has split a page of a table, SQLite walks over all of them (to sort
 * the new pages it borrows the number of one far behind the last, and takes care that nothing stays there): at 64 MB that
 * was a tenth of the writer's time. What it does not keep, the system does.
 */
const cacheKib = 16 * 1024;
/** How long a statement waits for another connection's short lock. */
const busyTimeoutMs = 5_000;

/**
 * A connection that writes. `synchronous=FULL` syncs the WAL in every commit: answers depend on it. Checkpoints are
 * never made inside a commit (they cost 70 to 100 ms there) but by the checkpoint thread. `secure_delete` overwrites
 * what is deleted, so that erased people do not stay in free pages.
 */
export function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -${cacheKib};
  `);
  return database;
}

/** A connection that only reads. It drops the pages it keeps whenever somebody has written, so they are few. */
export function openReader(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
}
