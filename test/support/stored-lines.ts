import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';

/** Every line of the store in the order of apply, read past the server: what is really on the disk. */
export function storedLines(dataFolder: string): StoredLine[] {
  const database = new DatabaseSync(join(dataFolder, 'rapport.sqlite'), { readOnly: true });
  try {
    const blocks = database.prepare('SELECT id, lines, body FROM blocks ORDER BY id').all();
    return blocks.flatMap((block) => linesOf(block as unknown as Block));
  } finally {
    database.close();
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
  body: Uint8Array;
}

function linesOf(block: Block): StoredLine[] {
  const text = zstdDecompressSync(block.body).toString('utf8');
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredLine);
  assert.equal(lines.length, block.lines, `block ${block.id} says ${block.lines} lines`);
  return lines;
}
