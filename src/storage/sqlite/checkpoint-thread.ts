import { openWriter } from './open.ts';
import { serveThread } from './thread.ts';

/** Copies pages from the WAL into the database while the writer goes on. */
serveThread<'checkpoint', { file: string }>(({ file }) => {
  const database = openWriter(file);
  return () => database.exec('PRAGMA wal_checkpoint(PASSIVE)');
});
