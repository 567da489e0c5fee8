import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventId, ProjectId } from '../../core/ids.ts';
import type { Segment } from '../../engine/store.ts';
import { fileColumns, rowBytes } from './columns.ts';
import { rowGroupRows } from './limits.ts';
import { quote } from './open.ts';

/** What is known of the lines of a file before it is written. */
export type SegmentContent = Omit<Segment, 'file' | 'bytes' | 'sha256'>;

/**
 * Counts what `source` (a table or table function) holds, by project and day of receipt. A block may hold lines of two
 * days, and a seal blocks of several projects: each gets a file of its own. `longest` is SQL for the length of the longest
 * line: `max(rowBytes)`, or a number where it is known, since lengths of lines in files take long to find out.
 */
export async function contentsOf(
  connection: DuckDBConnection,
  source: string,
  longest = `max(${rowBytes})`,
): Promise<SegmentContent[]> {
  const result = await connection.run(`
    SELECT project, strftime(make_timestamp(at_ms * 1000), '%Y-%m-%d') AS day,
      min(id)::DOUBLE, max(id)::DOUBLE, count(*)::DOUBLE, min(time), max(time), (${longest})::DOUBLE
    FROM ${source} GROUP BY ALL ORDER BY ALL`);
  const rows = (await result.getRowsJS()) as [
    number,
    string,
    number,
    number,
    number,
    number,
    number,
    number,
  ][];
  return rows.map(([project, day, fromId, toId, count, minTimeSec, maxTimeSec, longestLine]) => ({
    project: project as ProjectId,
    day,
    fromId: fromId as EventId,
    toId: toId as EventId,
    rows: count,
    minTimeSec,
    maxTimeSec,
    longestLine,
  }));
}

/**
 * Writes lines into one Parquet file, sorted by profile and time, and syncs it and the folders that lead to it. Nobody
 * sees it until it is named in the database. `mark` tells it from another of the same range. A higher level of compression costs half as much time again and gains nothing.
 */
export async function writeSegment(
  connection: DuckDBConnection,
  {
    folder,
    from,
    content,
    mark = '',
  }: { folder: string; from: string; content: SegmentContent; mark?: string },
): Promise<Segment> {
  const { project, day, fromId, toId } = content;
  const file = `project=${project}/day=${day}/${fromId}-${toId}${mark}.parquet`;
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await connection.run(`
    COPY (SELECT ${fileColumns} FROM ${from} ORDER BY profile, time, id) TO ${quote(path)}
    (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE ${rowGroupRows})`);
  for (const each of [path, dirname(path), dirname(dirname(path)), folder]) await sync(each);
  const { size } = await stat(path);
  return { ...content, file, bytes: size, sha256: await checksum(path) };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** SHA-256 of a file, hex. */
export async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
