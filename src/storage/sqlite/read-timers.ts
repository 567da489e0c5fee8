import type { DatabaseSync } from 'node:sqlite';
import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { Timer } from '../../engine/store.ts';

/** The oldest timers due before a time: the first rows of the table. */
export function prepareDueTimers(database: DatabaseSync): (beforeMs: number, max: number) => Timer[] {
  const findDue = database.prepare(
    'SELECT due_ms, project_id, profile_id FROM timers WHERE due_ms < ? ORDER BY due_ms, profile_id LIMIT ?',
  );
  return (beforeMs, max) => {
    const rows = findDue.all(beforeMs, max) as { due_ms: number; project_id: number; profile_id: number }[];
    return rows.map((row) => ({
      dueMs: row.due_ms,
      project: row.project_id as ProjectId,
      profile: row.profile_id as ProfileId,
    }));
  };
}
