import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DuckDBConnection } from '@duckdb/node-api';
import { type CompressedText, decompressText } from '../../src/lib/compressed-text.ts';

/**
 * Every line of the store in the order of apply, read past the server: what is really on the disk, in blocks that are not
 * sealed and in the files that the database names. A running server may move lines meanwhile; then it is read again.
 */
export async function storedLines(dataFolder: string): Promise<StoredLine[]> {
  for (let attempt = 1; ; attempt += 1) {
    const { files, blocks } = readDatabase(dataFolder);
    try {
      const sealed = await readFiles(files.map((file) => join(dataFolder, 'history', file)));
      return [...sealed, ...blocks.flatMap(linesOf)].sort((a, b) => Number(a.id) - Number(b.id));
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** What the database names, as one state. */
function readDatabase(dataFolder: string): { files: string[]; blocks: Block[] } {
  const database = new DatabaseSync(join(dataFolder, 'rapport.sqlite'), { readOnly: true });
  try {
    database.exec('BEGIN');
    const files = database.prepare('SELECT file FROM segments').all();
    const blocks = database
      .prepare(
        'SELECT id, lines, body FROM blocks WHERE id > coalesce((SELECT block_id FROM sealed), 0) ORDER BY id',
      )
      .all();
    return { files: files.map((it) => String(it['file'])), blocks: blocks as unknown as Block[] };
  } finally {
    database.close();
  }
}

async function readFiles(paths: readonly string[]): Promise<StoredLine[]> {
  if (paths.length === 0) return [];
  const connection = await DuckDBConnection.create();
  try {
    const list = paths.map((path) => `'${path}'`).join(', ');
    const result = await connection.run(
      `SELECT kind, profile::DOUBLE, id::DOUBLE, name, params FROM read_parquet([${list}], hive_partitioning = false)`,
    );
    const rows = (await result.getRowsJS()) as [string, number, number, string | null, string | null][];
    return rows.map(([kind, profile, id, name, params]) => ({
      kind,
      profile,
      id,
      ...(name !== null && { name }),
      ...(params !== null && { params: JSON.parse(params) }),
    }));
  } finally {
    connection.closeSync();
  }
}

/** The fields that the tests look at; a line has more. */
export interface StoredLine {
  kind: string;
  profile: number | string;
  id: number | string;
  name?: string;
  params?: Record<string, unknown>;
}

interface Block {
  id: number;
  lines: number;
  body: CompressedText;
}

function linesOf(block: Block): StoredLine[] {
  const text = decompressText(block.body).toString('utf8');
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredLine);
  assert.equal(lines.length, block.lines, `block ${block.id} says ${block.lines} lines`);
  return lines;
}
