import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { DuckDBConnection } from '@duckdb/node-api';
import { type CompressedText, decompressText } from '../src/lib/compressed-text.ts';

/** What lines are to the benchmark. */
export interface Counted {
  /** Lines that an acknowledged item must have left: one event, one change of attributes, or one session. */
  readonly items: number;
  /** Lines that say whom an id names: one got it, or one profile became part of another. */
  readonly links: number;
}

export interface Stored extends Counted {
  /** Of blocks; what is in files already is not among them. */
  readonly blockLines: number;
  readonly blockBytes: number;
}

/** Few enough that no read transaction lives long: it would keep the server from emptying its write-ahead log. */
const blocksPerQuery = 500;
/** The files that were named may have been merged into another one before they are read: then it is asked again. */
const attemptsMax = 5;

const itemKinds = ['event', 'attributes', 'session_opened'];
const linkKinds = ['identity_attached', 'merged'];
/** The server itself says so on the result of a merge; nobody has sent it. */
const ownEvent = { kind: 'event', name: 'merge' };

const marksOf = (kinds: readonly string[]) => kinds.map((kind) => Buffer.from(`"kind":"${kind}"`));
const itemMarks = marksOf(itemKinds);
const linkMarks = marksOf(linkKinds);
const ownMark = Buffer.from(`"kind":"${ownEvent.kind}","name":"${ownEvent.name}"`);

/**
 * Counts what a running server has stored, past its own code: from the blocks of its database, and from the files into
 * which it has sealed blocks since. The lines of one project have their ids in the order of the blocks, so each is
 * counted once, wherever it is by then.
 */
export class StoredCounter {
  private readonly folder: string;
  private lastLine = 0;

  constructor(dataFolder: string) {
    this.folder = dataFolder;
  }

  /** What was stored since the last call. */
  async countNew(): Promise<Stored> {
    const total = { items: 0, links: 0, blockLines: 0, blockBytes: 0 };
    const database = new DatabaseSync(join(this.folder, 'rapport.sqlite'), { readOnly: true });
    try {
      for (let attempt = 1; ; ) {
        const { sealedLine, files, blocks } = this.read(database);
        if (sealedLine > this.lastLine) {
          try {
            add(total, await this.countFiles(files, sealedLine));
          } catch (error) {
            if (attempt++ === attemptsMax) throw error;
            continue;
          }
          this.lastLine = sealedLine;
          continue;
        }
        for (const block of blocks) {
          const body = block['body'] as CompressedText;
          add(total, countLines(decompressText(body)));
          total.blockLines += Number(block['lines']);
          total.blockBytes += Buffer.byteLength(body);
          this.lastLine = Number(block['last_id']);
        }
        if (blocks.length < blocksPerQuery) return total;
      }
    } finally {
      database.close();
    }
  }

  /** Up to where blocks are sealed, and the next that are not; as one state, since both change in one transaction. */
  private read(database: DatabaseSync): {
    sealedLine: number;
    files: readonly string[];
    blocks: readonly Record<string, SQLOutputValue>[];
  } {
    database.exec('BEGIN');
    try {
      const sealedLine = Number(database.prepare('SELECT last_id FROM sealed').get()?.['last_id'] ?? 0);
      const files = database.prepare('SELECT file FROM segments WHERE to_id > ?').all(this.lastLine);
      const blocks = database.prepare(
        'SELECT last_id, lines, body FROM blocks WHERE id > ? ORDER BY id LIMIT ?',
      );
      return {
        sealedLine,
        files: files.map((it) => String(it['file'])),
        blocks: sealedLine > this.lastLine ? [] : blocks.all(this.lastLine, blocksPerQuery),
      };
    } finally {
      database.exec('COMMIT');
    }
  }

  private async countFiles(files: readonly string[], sealedLine: number): Promise<Counted> {
    if (files.length === 0) return { items: 0, links: 0 };
    const connection = await DuckDBConnection.create();
    try {
      const list = quoted(files.map((file) => join(this.folder, 'history', file)));
      const isOwn = `kind = '${ownEvent.kind}' AND name = '${ownEvent.name}'`;
      const result = await connection.run(
        `SELECT count(*) FILTER (kind IN (${quoted(itemKinds)}) AND NOT (${isOwn}))::DOUBLE,
           count(*) FILTER (kind IN (${quoted(linkKinds)}))::DOUBLE
         FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false)
         WHERE id > ${this.lastLine} AND id <= ${sealedLine}`,
      );
      const [[items, links] = [0, 0]] = (await result.getRowsJS()) as [number, number][];
      return { items, links };
    } finally {
      connection.closeSync();
    }
  }
}

/** A line names its kind once, and a mark inside of a text is escaped; only a nested `kind` could deceive. */
export function countLines(lines: Buffer): Counted {
  return {
    items: countMarks(lines, itemMarks) - countMarks(lines, [ownMark]),
    links: countMarks(lines, linkMarks),
  };
}

function countMarks(lines: Buffer, marks: readonly Buffer[]): number {
  let count = 0;
  for (const mark of marks) {
    for (let at = lines.indexOf(mark); at >= 0; at = lines.indexOf(mark, at + mark.length)) count += 1;
  }
  return count;
}

function add(total: { items: number; links: number }, { items, links }: Counted): void {
  total.items += items;
  total.links += links;
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
}
