import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { openReader } from './open.ts';

/**
 * Copies the database file while another process or thread writes to it, to a file of its own that nobody else has
 * open: everything committed before the call is in it. Synchronous: meant for a thread of its own.
 *
 * A read transaction is held open meanwhile, so that the WAL does not start over. Then whatever a checkpoint changes in
 * the database during the copy is still in the WAL, which is copied after it, and comes on top when the copy is opened:
 * as after a crash, where SQLite relies on the same. If everything was in the database when the transaction began,
 * nothing changes it until it ends. The WAL grows by what is written meanwhile; commits never wait.
 */
export function copyDatabase(file: string, to: string, copy: (from: string, to: string) => void): void {
  const database = openReader(file);
  try {
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    copy(file, to);
    if (existsSync(`${file}-wal`)) copy(`${file}-wal`, `${to}-wal`);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
  // One file: the WAL is taken in and gone.
  const copied = new DatabaseSync(to);
  try {
    copied.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;');
  } finally {
    copied.close();
  }
}

/** What a database file says of itself. */
export interface DatabaseFacts {
  readonly schema: number;
  /** Files of the sealed history that belong to it, as paths below the history folder. */
  readonly historyFiles: readonly string[];
}

export function readFacts(file: string): DatabaseFacts {
  const database = openReader(file);
  try {
    const { user_version: schema } = database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    const hasHistory =
      database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'segments'").get() !==
      undefined;
    const files = hasHistory
      ? (database.prepare('SELECT file FROM segments ORDER BY file').all() as { file: string }[])
      : [];
    return { schema, historyFiles: files.map((row) => row.file) };
  } finally {
    database.close();
  }
}

/** Why a database file is damaged; undefined when SQLite finds nothing wrong. Reads all of it. */
export function findDamage(file: string): string | undefined {
  const database = openReader(file);
  try {
    const [first] = database.prepare('PRAGMA integrity_check(1)').all() as { integrity_check: string }[];
    return first?.integrity_check === 'ok' ? undefined : (first?.integrity_check ?? 'no answer');
  } catch (error) {
    return (error as Error).message;
  } finally {
    database.close();
  }
}
