import type { DatabaseSync } from 'node:sqlite';
import type { ProfileId } from '../../core/ids.ts';
import type { ContentRow, Found, ProfileRow, Wanted } from '../../engine/store.ts';
import { prepareFold } from './fold-lines.ts';
import { prepareFindRecord } from './idempotency.ts';

/** Reads everything that waiting batches lack, in one short read transaction, so that it is one state. */
export function prepareRead(database: DatabaseSync): (wanted: Wanted) => Found {
  const findIdentity = database.prepare(
    'SELECT profile_id AS id FROM identities WHERE project_id = ? AND kind = ? AND value = ?',
  );
  const findProfile = database.prepare('SELECT doc FROM profiles WHERE id = ?');
  const bringUpToDate = prepareFold(database);
  const findContent = database.prepare(
    'SELECT project_id AS project, part, doc AS document FROM contents WHERE project_id = ?',
  );
  const findRecord = prepareFindRecord(database);

  return (wanted) => {
    database.exec('BEGIN');
    try {
      const identities = wanted.identities.map(({ project, kind, value }) => {
        const row = findIdentity.get(project, kind, value) as { id: number } | undefined;
        return row === undefined ? null : (row.id as ProfileId);
      });
      const ids = new Set<ProfileId>(wanted.profiles);
      for (const id of identities) if (id !== null) ids.add(id);
      const profiles: ProfileRow[] = [];
      for (const id of ids) {
        const row = findProfile.get(id) as { doc: string } | undefined;
        if (row !== undefined) profiles.push({ id, document: row.doc });
      }
      const behind = new Set(wanted.behind);
      const current = profiles.filter((it) => !behind.has(it.id));
      if (current.length < profiles.length) {
        current.push(...bringUpToDate(profiles.filter((it) => behind.has(it.id))));
      }
      const records = wanted.records.map((key) => findRecord(key));
      const contents = wanted.contents.flatMap((id) => findContent.all(id) as unknown as ContentRow[]);
      return { identities, profiles: current, records, contents };
    } finally {
      database.exec('COMMIT');
    }
  };
}
