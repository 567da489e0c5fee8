import type { DatabaseSync } from 'node:sqlite';
import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { ProfileRow } from '../../engine/store.ts';

/** One page: so many profiles, or fewer when they are large. */
const profilesPerPage = 200;
const pageBytes = 256 * 1024;

/**
 * Documents of a project's profiles behind one in the order of their ids, a page at a time; none: there are no more. Each
 * page is as the table was then: no read lives longer.
 */
export function prepareProfileList(
  database: DatabaseSync,
): (project: ProjectId, after: ProfileId) => readonly ProfileRow[] {
  const list = database.prepare(
    'SELECT id, doc AS document FROM profiles WHERE id > ? AND project_id = ? ORDER BY id',
  );
  return (project, after) => {
    const rows: ProfileRow[] = [];
    let bytes = 0;
    for (const row of list.iterate(after, project) as Iterable<unknown> as Iterable<ProfileRow>) {
      rows.push(row);
      bytes += row.document.length;
      if (rows.length === profilesPerPage || bytes > pageBytes) break;
    }
    return rows;
  };
}
