import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { type EventId, firstEventId } from '../../core/ids.ts';
import type { SealedPosition } from '../../engine/store.ts';
import { columnsFromText } from './columns.ts';
import type { Contents, RecentTable } from './contents.ts';
import { recentBytesMax, sealBytes } from './limits.ts';
import type { BlockReader, TakenBlocks } from './read-blocks.ts';
import { limitRecent, readPlaces } from './recent-lines.ts';

export interface IntakeOptions {
  readonly blocks: BlockReader;
  readonly connection: DuckDBConnection;
  readonly contents: Contents;
  /** Blocks up to here are in files already. */
  readonly position: SealedPosition | undefined;
  readonly sealLines: number;
  /** Called when everything is taken in, before anybody may read it. */
  readonly onTaken: () => Promise<void>;
}

interface FirstTable {
  readonly table: RecentTable;
  readonly insert: DuckDBPreparedStatement;
}

/** Takes committed blocks into the newest recent table, each once, in their order. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #onFull: () => Promise<void>;
  #table: RecentTable;
  #insert: DuckDBPreparedStatement;
  #block: EventId;
  #last: EventId;
  /** What runs or waits, one after the other; never rejects. */
  #queue: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isStopped = false;
  /** All committed lines up to here were taken in. */
  upTo: EventId;
  /** When the newest of them was committed; 0 when there was none since the start. */
  atMs = 0;

  private constructor(options: IntakeOptions, first: FirstTable, onFull: () => Promise<void>) {
    this.#options = options;
    this.#onFull = onFull;
    this.#table = first.table;
    this.#insert = first.insert;
    this.#block = options.position?.block ?? firstEventId;
    this.#last = options.position?.last ?? firstEventId;
    this.upTo = this.#last;
  }

  /** `onFull` hears that the table that takes in is full, and resolves when lines may be taken in again. */
  static async prepare(options: IntakeOptions): Promise<(onFull: () => Promise<void>) => Intake> {
    const table = await options.contents.addTable();
    const insert = await prepareInsert(options.connection, table);
    return (onFull) => new Intake(options, { table, insert }, onFull);
  }

  /** The table that takes in. */
  get table(): RecentTable {
    return this.#table;
  }

  /**
   * Takes in everything that is committed when this is called. Who comes while others wait for their turn joins them. When
   * it is stopped it leaves the rest to the next start, which is no failure: `upTo` says how far it came.
   */
  run(): Promise<void> {
    this.#next ??= this.between(() => {
      this.#next = undefined;
      return this.#takeAll();
    });
    return this.#next;
  }

  /** What was taken in until now may be sealed: a new table takes in from here. Only between two runs, or inside one. */
  async rotate(): Promise<void> {
    if (this.#table.lines === 0) return;
    const { contents, connection } = this.#options;
    const table = await contents.addTable();
    const insert = await prepareInsert(connection, table);
    this.#insert.destroySync();
    this.#table = table;
    this.#insert = insert;
  }

  /** Runs `work` while no lines are being taken in. */
  between<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Resolves when nothing is being taken in any more, and nothing will be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#queue;
  }

  async #takeAll(): Promise<void> {
    const { blocks, sealLines, onTaken } = this.#options;
    for (let taken = blocks.next(this.#block); taken !== undefined; taken = blocks.next(this.#block)) {
      if (this.#isStopped) return;
      await this.#take(taken);
      if (this.#table.lines >= sealLines || this.#table.bytes >= sealBytes) await this.#onFull();
    }
    await onTaken();
    this.upTo = this.#last;
  }

  async #take({ text, lines, block, last, atMs }: TakenBlocks): Promise<void> {
    const table = this.#table;
    // What may throw comes before the insert: behind it, the same blocks would be inserted again by the next run.
    const places = readPlaces(text);
    this.#insert.bindVarchar(1, text.toString());
    await this.#insert.run();
    table.recent.add(text, places);
    limitRecent(this.#options.contents.tables, recentBytesMax);
    if (last > this.#last) this.#last = last;
    this.#block = block;
    this.atMs = atMs;
    table.lines += lines;
    table.bytes += text.length;
    table.position = { block, last: this.#last };
    table.sinceMs ??= atMs;
  }
}

function prepareInsert(connection: DuckDBConnection, table: RecentTable): Promise<DuckDBPreparedStatement> {
  const lines = 'SELECT unnest(string_split($1, chr(10))) AS line';
  return connection.prepare(`INSERT INTO ${table.name} SELECT ${columnsFromText} FROM (${lines})`);
}
