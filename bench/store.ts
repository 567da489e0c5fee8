import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';

export interface Stored {
  /** Lines that an acknowledged item must have left: one event, one change of attributes, or one session. */
  readonly items: number;
  readonly lines: number;
  readonly bodyBytes: number;
}

/** Few enough that no read transaction lives long: it would keep the server from emptying its write-ahead log. */
const blocksPerQuery = 500;

const itemKinds = ['event', 'attributes', 'session_opened'];
const itemMarks = itemKinds.map((kind) => Buffer.from(`"kind":"${kind}"`));

/** Counts what a running server has stored, from its own database file and past its own code. */
export class StoredCounter {
  private readonly file: string;
  private lastBlockId = 0;

  constructor(dataFolder: string) {
    this.file = join(dataFolder, 'rapport.sqlite');
  }

  /** What was stored since the last call. */
  countNew(): Stored {
    const database = new DatabaseSync(this.file, { readOnly: true });
    try {
      return this.countAfterLast(database);
    } finally {
      database.close();
    }
  }

  private countAfterLast(database: DatabaseSync): Stored {
    const query = database.prepare('SELECT id, lines, body FROM blocks WHERE id > ? ORDER BY id LIMIT ?');
    let items = 0;
    let lines = 0;
    let bodyBytes = 0;
    for (;;) {
      const blocks = query.all(this.lastBlockId, blocksPerQuery);
      for (const block of blocks) {
        const body = block['body'] as Uint8Array;
        items += countItems(zstdDecompressSync(body));
        lines += Number(block['lines']);
        bodyBytes += body.byteLength;
        this.lastBlockId = Number(block['id']);
      }
      if (blocks.length < blocksPerQuery) return { items, lines, bodyBytes };
    }
  }
}

/** A line names its kind once, and a mark inside of a text is escaped; only a nested `kind` could deceive. */
export function countItems(lines: Buffer): number {
  let count = 0;
  for (const mark of itemMarks) {
    for (let at = lines.indexOf(mark); at >= 0; at = lines.indexOf(mark, at + mark.length)) count += 1;
  }
  return count;
}
