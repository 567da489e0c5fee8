import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ErasedLines, Sealing, Segment } from '../../engine/store.ts';
import { type Contents, linesIn, type RecentTable } from './contents.ts';
import { countErased, type Erased, withoutErased } from './erasures.ts';
import { mergedRowsMax, mergeFiles } from './limits.ts';
import type { PendingErasure } from './read-blocks.ts';
import { contentsOf, writeSegment } from './write-segment.ts';

export interface SealerOptions {
  readonly folder: string;
  readonly connection: DuckDBConnection;
  readonly contents: Contents;
  /** Makes a change of the files visible: one transaction of the store's one writer. */
  readonly seal: (sealing: Sealing) => Promise<void>;
}

/** Moves lines from tables into files, and from small files into larger ones. One thing at a time. */
export class Sealer {
  readonly #options: SealerOptions;

  constructor(options: SealerOptions) {
    this.#options = options;
  }

  /** Ends the writing that is going on with an error. */
  interrupt(): void {
    this.#options.connection.interrupt();
  }

  /**
   * Writes a table's lines into files; then, in one transaction, the files become visible and the blocks the lines came
   * from do not count any more. A crash before that leaves files that nobody names; after it, nothing to do.
   */
  async seal(table: RecentTable): Promise<void> {
    const { folder, connection, contents, seal } = this.#options;
    const { erased } = contents;
    const added: Segment[] = [];
    const kept = withoutErased(table.name, erased);
    for (const content of await contentsOf(connection, kept)) {
      const { project, day } = content;
      const isToday = `make_timestamp(at_ms * 1000)::DATE = DATE '${day}'`;
      const from = `${kept} WHERE project = ${project} AND ${isToday}`;
      added.push(await writeSegment(connection, { folder, from, content }));
    }
    const counted = await countErased(connection, table.name, erased);
    await seal({
      add: added,
      remove: [],
      erased: counted,
      ...(table.position && { position: table.position }),
    });
    await contents.replaceTable(table, added);
  }

  /** Writes the lines of some files of one project and day into one, but for erased ones. */
  async merge(files: readonly Segment[]): Promise<void> {
    const { erased } = this.#options.contents;
    await this.#replace(files, erased, await this.#countErased(files, erased));
  }

  /**
   * Takes erased lines out of the files that hold any, one file after the other; each takes the old one's place in one
   * transaction. What was erased before the newest sealed line is done then.
   */
  async erase(erasures: readonly PendingErasure[], nowMs: number): Promise<void> {
    const { contents, seal } = this.#options;
    for (const segment of contents.segments) {
      const isConcerned = erasures.some(
        (it) => it.project === segment.project && it.profile <= segment.toId && it.upTo >= segment.fromId,
      );
      if (isConcerned) await this.#rewrite(segment);
    }
    // The old files are deleted when nobody reads them any more.
    await contents.settled();
    await seal({
      ...{ add: [], remove: [] },
      erased: erasures.map((it) => ({ erasure: it.id, lines: 0, doneMs: nowMs })),
    });
  }

  /** Takes whatever is erased out of a file, also what is not ready yet. */
  async #rewrite(segment: Segment): Promise<void> {
    const { erased } = this.#options.contents;
    const counted = await this.#countErased([segment], erased);
    if (counted.length > 0) await this.#replace([segment], erased, counted);
  }

  #countErased(files: readonly Segment[], erased: Erased): Promise<ErasedLines[]> {
    const { folder, connection } = this.#options;
    return countErased(connection, linesIn(folder, files), erased);
  }

  /** Writes what is not erased of some files into one, if anything is left; in one transaction it takes their place. */
  async #replace(files: readonly Segment[], erased: Erased, counted: readonly ErasedLines[]): Promise<void> {
    const { folder, connection, contents, seal } = this.#options;
    const from = withoutErased(linesIn(folder, files), erased);
    // What it is made of tells it from all others: no name is used twice, as long as anybody may read the file that has it.
    const mark = `-${shortHash(files.map((it) => it.file))}`;
    const added: Segment[] = [];
    const longest = String(Math.max(...files.map((it) => it.longestLine)));
    for (const content of await contentsOf(connection, from, longest)) {
      added.push(await writeSegment(connection, { folder, from, content, mark }));
    }
    await seal({ add: added, remove: files.map((it) => it.file), erased: counted });
    await contents.replaceSegments(files, added, async () => {
      for (const { file } of files) await unlink(join(folder, file));
    });
  }
}

function shortHash(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join()).digest('hex').slice(0, 12);
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Files that should be one: of one project and day, in the order of their lines, as many as fit. While the day goes on,
 * only when there are many, so that a line is written again only a few times; when it is over, whenever there are two.
 */
export function findMerge(segments: readonly Segment[], nowMs: number): readonly Segment[] | undefined {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const yesterdayWasLate = new Date(nowMs - dayMs / 24).toISOString().slice(0, 10);
  const small = segments.filter((it) => it.rows <= mergedRowsMax / 2);
  for (const files of Map.groupBy(small, (it) => `${it.project}/${it.day}`).values()) {
    files.sort((a, b) => a.fromId - b.fromId);
    let rows = 0;
    const fitting = files.filter((it) => {
      if (rows + it.rows > mergedRowsMax) return false;
      rows += it.rows;
      return true;
    });
    const day = files[0]?.day ?? '';
    const isOver = day < today && day < yesterdayWasLate;
    if (fitting.length >= (isOver ? 2 : mergeFiles)) return fitting;
  }
  return undefined;
}
