import type { ProfileId } from '../core/ids.ts';
import { readPerson } from '../core/profile-document.ts';
import { type ExportJob, writeExport } from '../dialects/bloomreach/export-rows.ts';
import { lowerPriority } from '../lib/pool-priority.ts';
import { prepareProfileList } from '../storage/sqlite/list-profiles.ts';
import { openReader } from '../storage/sqlite/open.ts';
import { serveThread } from '../storage/sqlite/thread.ts';

/** How far an export stands behind the threads that serve requests; not as far as the history, since somebody waits for it. */
const niceness = 5;

/** Writes one export: every question is answered with its next piece, the last one with nothing. */
serveThread<'next', { file: string; job: ExportJob }>(({ file, job }) => {
  lowerPriority('export', niceness);
  const list = prepareProfileList(openReader(file));
  const read = (after: ProfileId) =>
    list(job.project, after).map(({ id, document }) => ({ id, ...readPerson(document) }));
  const pieces = writeExport(job, read);
  return () => {
    const { done, value } = pieces.next();
    return done === true ? undefined : Buffer.from(value);
  };
});
