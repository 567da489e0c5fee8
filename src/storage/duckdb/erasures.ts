import type { DuckDBConnection } from '@duckdb/node-api';
import { type ErasureScope, personalKinds } from '../../core/line.ts';
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

/** The lines of `source` that are not erased; nothing is looked up while nothing is. */
export function withoutErased(source: string, erasures: readonly PendingErasure[]): string {
  const newest = erasures.at(-1);
  if (newest === undefined) return source;
  return `(SELECT * FROM ${source} AS l WHERE NOT EXISTS (
    SELECT 1 FROM erasures AS e WHERE e.id <= ${newest.id} AND ${takes}))`;
}

/** How many lines of `source` each erasure takes, of those that take any. */
export async function countErased(
  connection: DuckDBConnection,
  source: string,
  erasures: readonly PendingErasure[],
): Promise<ErasedLines[]> {
  const newest = erasures.at(-1);
  if (newest === undefined) return [];
  const result = await connection.run(`
    SELECT e.id::DOUBLE, count(*)::DOUBLE FROM ${source} AS l JOIN erasures AS e ON e.id <= ${newest.id} AND ${takes}
    GROUP BY e.id`);
  const rows = (await result.getRowsJS()) as [number, number][];
  return rows.map(([erasure, lines]) => ({ erasure, lines, doneMs: null }));
}

/** Makes DuckDB's table hold these. */
export async function putErasures(
  connection: DuckDBConnection,
  erasures: readonly PendingErasure[],
): Promise<void> {
  const rows = erasures.map((it) => `(${it.id}, ${it.profile}, ${it.upTo}, '${it.scope}')`);
  const insert = rows.length === 0 ? '' : `INSERT INTO erasures VALUES ${rows.join(', ')};`;
  await connection.run(`BEGIN; DELETE FROM erasures; ${insert} COMMIT;`);
}

/** As SQL: a line of these profiles is not erased. */
export function notErased(erasures: readonly PendingErasure[], profiles: ReadonlySet<number>): string[] {
  return erasures
    .filter((it) => profiles.has(it.profile))
    .map(({ profile, upTo, scope }) => {
      const kinds = scope === 'all' ? '' : ` AND kind IN (${personal})`;
      return `NOT (profile = ${profile} AND id <= ${upTo}${kinds})`;
    });
}
