import { fsyncSync } from 'node:fs';
import { openWriter } from './open.ts';
import { serveThread } from './thread.ts';

/**
 * Copies pages from the WAL into the database while the writer goes on, and syncs them: SQLite leaves that to whoever
 * copies the last page, and that is the writer, for whom everybody waits. `databaseFd`: the database, open.
 */
serveThread<'checkpoint', { file: string; databaseFd: number }>(({ file, databaseFd }) => {
  const database = openWriter(file);
  return () => {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    fsyncSync(databaseFd);
  };
});
