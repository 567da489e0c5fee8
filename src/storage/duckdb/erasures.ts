import type { DuckDBConnection } from '@duckdb/node-api';
import type { ProfileId } from '../../core/ids.ts';
import { type ErasureScope, personalKinds } from '../../core/line.ts';
import type { StoredLine } from '../../core/read-line.ts';
import type { ErasedLines } from '../../engine/store.ts';
import type { PendingErasure } from './read-blocks.ts';

/** Beneath the views: what is erased and may still be in tables and files. */
export const erasuresTable = `
CREATE TABLE erasures (id BIGINT, profile BIGINT, up_to BIGINT, scope VARCHAR);
`;

const personal = personalKinds.map((it) => `'${it}'`).join(', ');
const all: ErasureScope = 'all';

/** True of a line `l` that the erasure `e` takes. */
const takes = `e.profile = l.profile AND l.id <= e.up_to AND (e.scope = '${all}' OR l.kind IN (${personal}))`;

/** Rows of one statement. */
const rowsPerStatement = 1_000;

/** Erasures up to `newest` (an id), of these profiles; what is erased later does not count for who has this. */
export interface Erased {
  readonly newest: number;
  readonly profiles: ReadonlyMap<ProfileId, readonly PendingErasure[]>;
}

/** Whether one of these takes a line. */
export function isErased({ profile, id, kind }: StoredLine, { profiles }: Erased): boolean {
  const erasures = profiles.get(profile as ProfileId) ?? [];
  return erasures.some((it) => id <= it.upTo && (it.scope === all || isPersonal(kind)));
}

function isPersonal(kind: StoredLine['kind']): boolean {
  return personalKinds.some((it) => it === kind);
}

/** As SQL: a row of `l` is not erased. */
export function notErased({ newest }: Erased): string {
  return `NOT EXISTS (SELECT 1 FROM erasures AS e WHERE e.id <= ${newest} AND ${takes})`;
}

/** The lines of `source` that are not erased; nothing is looked up while nothing is. */
export function withoutErased(source: string, erased: Erased): string {
  return erased.profiles.size === 0 ? source : `(SELECT * FROM ${source} AS l WHERE ${notErased(erased)})`;
}

/** How many lines of `source` each erasure takes, of those that take any. */
export async function countErased(
  connection: DuckDBConnection,
  source: string,
  { newest, profiles }: Erased,
): Promise<ErasedLines[]> {
  if (profiles.size === 0) return [];
  const result = await connection.run(`
    SELECT e.id::DOUBLE, count(*)::DOUBLE FROM ${source} AS l JOIN erasures AS e ON e.id <= ${newest} AND ${takes}
    GROUP BY e.id`);
  const rows = (await result.getRowsJS()) as [number, number][];
  return rows.map(([erasure, lines]) => ({ erasure, lines, doneMs: null }));
}

export async function addErasures(
  connection: DuckDBConnection,
  erasures: readonly PendingErasure[],
): Promise<void> {
  for (let at = 0; at < erasures.length; at += rowsPerStatement) {
    const rows = erasures
      .slice(at, at + rowsPerStatement)
      .map((it) => `(${it.id}, ${it.profile}, ${it.upTo}, '${it.scope}')`);
    await connection.run(`INSERT INTO erasures VALUES ${rows.join(', ')}`);
  }
}

export async function removeErasures(
  connection: DuckDBConnection,
  erasures: readonly PendingErasure[],
): Promise<void> {
  for (let at = 0; at < erasures.length; at += rowsPerStatement) {
    const ids = erasures.slice(at, at + rowsPerStatement).map((it) => it.id);
    await connection.run(`DELETE FROM erasures WHERE id IN (${ids.join()})`);
  }
}
