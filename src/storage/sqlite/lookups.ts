import type { DatabaseSync } from 'node:sqlite';
import type { DayOfLookups } from '../../engine/store.ts';

/** Adds counts of users looked up, all of them in one transaction. */
export function prepareAddLookups(database: DatabaseSync): (days: readonly DayOfLookups[]) => void {
  const add = database.prepare(
    `INSERT INTO lookups (project_id, day, users) VALUES (?, ?, ?)
     ON CONFLICT (project_id, day) DO UPDATE SET users = users + excluded.users`,
  );
  return (days) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { project, day, users } of days) add.run(project, day, users);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

/** Everything that was counted: a row per project and day with calls. */
export function readLookups(database: DatabaseSync): DayOfLookups[] {
  const rows = database.prepare('SELECT project_id AS project, day, users FROM lookups').all();
  return rows as unknown as DayOfLookups[];
}
