import type { DatabaseSync } from 'node:sqlite';
import type { ProfileId, ProjectId } from '../../core/ids.ts';

/** Ids of a project's profiles, in order. The columns stand before the document, so no document is read. */
export function prepareProfileList(
  database: DatabaseSync,
): (project: ProjectId, after: ProfileId, max: number) => ProfileId[] {
  const list = database.prepare(
    'SELECT id FROM profiles WHERE id > ? AND project_id = ? ORDER BY id LIMIT ?',
  );
  return (project, after, max) =>
    (list.all(after, project, max) as { id: number }[]).map(({ id }) => id as ProfileId);
}
