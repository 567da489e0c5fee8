import { DatabaseSync } from 'node:sqlite';
import type { Erasure } from '../../core/change.ts';
import type { EventId, ProjectId } from '../../core/ids.ts';
import type { SealedPosition, Segment } from '../../engine/store.ts';
import { type CompressedText, decompressText } from '../../lib/compressed-text.ts';
import { blocksPerRead, profilesPerRead, textPerRead } from './limits.ts';

const lineFeed = Buffer.from('\n');
/** How long a statement waits for another connection's short lock. */
const busyTimeoutMs = 5_000;

/** Lines of some blocks, one per line of text (UTF-8). */
export interface TakenBlocks {
  readonly text: Buffer;
  readonly lines: number;
  /** The last block. */
  readonly block: EventId;
  /** The newest line. */
  readonly last: EventId;
  /** When the newest block was committed. */
  readonly atMs: number;
}

/** An erasure that is not done yet; `id` is its row. */
export interface PendingErasure extends Erasure {
  readonly id: number;
  readonly project: ProjectId;
  readonly atMs: number;
}

interface BlockRow {
  readonly id: EventId;
  readonly last: EventId;
  readonly atMs: number;
  readonly lines: number;
  readonly body: CompressedText;
}

/** What the history needs of the embedded store's file, over a connection that only reads. Each read is short. */
export class BlockReader {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  }

  /** Which files make up the history, and up to where, as one state. */
  sealed(): { segments: Segment[]; position: SealedPosition | undefined } {
    this.#database.exec('BEGIN');
    try {
      const segments = this.#database
        .prepare(
          `SELECT file, project_id AS project, day, from_id AS fromId, to_id AS toId, rows, bytes,
             min_time AS minTimeSec, max_time AS maxTimeSec, longest_line AS longestLine, sha256 FROM segments`,
        )
        .all();
      const position = this.#database.prepare('SELECT block_id AS block, last_id AS last FROM sealed').get();
      return {
        segments: segments.map((row) => ({ ...row }) as unknown as Segment),
        position: position as unknown as SealedPosition | undefined,
      };
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  /** Erasures behind `after` whose lines may still be in files or blocks, oldest first. */
  pendingErasures(after: number): PendingErasure[] {
    const rows = this.#database
      .prepare(
        `SELECT id, project_id AS project, profile_id AS profile, up_to AS upTo, scope, at_ms AS atMs
         FROM erased WHERE done_ms IS NULL AND id > ? ORDER BY id`,
      )
      .all(after);
    return rows.map((row) => ({ ...row }) as unknown as PendingErasure);
  }

  /** Whether there is a block, sealed or not, that may hold lines up to this one. */
  holdsUpTo(line: EventId): boolean {
    return this.#database.prepare('SELECT 1 FROM blocks WHERE id <= ?').get(line) !== undefined;
  }

  /** The next blocks after this one; undefined when there are no more. */
  next(after: EventId): TakenBlocks | undefined {
    const query = this.#database.prepare(
      `SELECT id, last_id AS last, at_ms AS atMs, lines, body FROM blocks WHERE id > ? ORDER BY id LIMIT ${blocksPerRead}`,
    );
    const texts: Buffer[] = [];
    let [length, lines] = [0, 0];
    let last = after;
    let newest: BlockRow | undefined;
    for (const row of query.iterate(after) as Iterable<unknown> as Iterable<BlockRow>) {
      const text = decompressText(row.body);
      texts.push(...(newest === undefined ? [] : [lineFeed]), text);
      length += text.length;
      lines += row.lines;
      if (row.last > last) last = row.last;
      newest = row;
      if (length > textPerRead) break;
    }
    if (newest === undefined) return undefined;
    return {
      text: Buffer.concat(texts),
      lines,
      block: newest.id,
      last,
      atMs: newest.atMs,
    };
  }

  /** Some profiles by id, with their documents. */
  profilesAfter(id: number): { id: number; doc: string }[] {
    const rows = this.#database
      .prepare(`SELECT id, doc FROM profiles WHERE id > ? ORDER BY id LIMIT ${profilesPerRead}`)
      .all(id);
    return rows as unknown as { id: number; doc: string }[];
  }

  close(): void {
    this.#database.close();
  }
}
