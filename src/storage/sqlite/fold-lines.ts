import type { DatabaseSync } from 'node:sqlite';
import { evolve } from '../../core/evolve.ts';
import type { IdentityId, ProfileId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import type { Profile } from '../../core/profile.ts';
import { readProfile, writeProfile } from '../../core/profile-document.ts';
import { readLine } from '../../core/read-line.ts';
import type { ProfileRow } from '../../engine/store.ts';
import { type CompressedText, decompressText } from '../../lib/compressed-text.ts';

/** Brings profiles up to date with all lines in the store, whose rows may be behind. Inside a transaction. */
export function prepareFold(database: DatabaseSync): (rows: readonly ProfileRow[]) => ProfileRow[] {
  const linesAfterRows = prepareLines(database);
  return (rows) => {
    const profiles = new Map(rows.map(({ id, document }) => [id, readProfile(document)]));
    for (const line of linesAfterRows()) fold(profiles.get(line.profile), line);
    return Array.from(profiles, ([id, profile]) => ({ id, document: writeProfile(profile) }));
  };
}

/** Brings all rows up to date, in one transaction; before anything else is written. Answers how many lines it folded. */
export function foldAll(database: DatabaseSync): number {
  const findProfile = database.prepare('SELECT doc FROM profiles WHERE id = ?');
  const putProfile = database.prepare('UPDATE profiles SET doc = ? WHERE id = ?');
  const profiles = new Map<ProfileId, Profile | undefined>();
  const find = (id: ProfileId) => {
    const row = findProfile.get(id) as { doc: string } | undefined;
    return row === undefined ? undefined : readProfile(row.doc);
  };
  let lines = 0;
  let newest = 0;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const line of prepareLines(database)()) {
      if (!profiles.has(line.profile)) profiles.set(line.profile, find(line.profile));
      fold(profiles.get(line.profile), line);
      lines += 1;
      newest = Math.max(newest, line.id);
    }
    for (const [id, profile] of profiles)
      if (profile !== undefined) putProfile.run(writeProfile(profile), id);
    if (lines > 0) database.prepare('UPDATE rows_up_to SET line = ?').run(newest);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
  return lines;
}

/** Nothing happens to a profile that is gone, nor where the row has the line already. */
function fold(profile: Profile | undefined, line: Line): void {
  if (profile === undefined || line.id <= profile.lastEvent) return;
  evolve(profile, line, neededNever);
}

/** The commit that attaches an id also writes the row. */
function neededNever(id: IdentityId): never {
  throw new Error(`A profile's row lacks its identity ${id}`);
}

/** The lines that rows may lack, oldest first within each project. */
function prepareLines(database: DatabaseSync): () => Generator<Line> {
  const findBlocks = database.prepare(
    'SELECT body FROM blocks WHERE id > (SELECT line FROM rows_up_to) ORDER BY id',
  );
  return function* () {
    for (const { body } of findBlocks.iterate() as Iterable<{ body: CompressedText }>) {
      for (const text of decompressText(body).toString().split('\n')) yield readLine(text);
    }
  };
}
