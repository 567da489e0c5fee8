import type { DuckDBConnection } from '@duckdb/node-api';
import type { SealedPosition, Segment } from '../../engine/store.ts';
import { columnDefinitions, fileSchema } from './columns.ts';
import { addErasures, type Erased, removeErasures, withoutErased } from './erasures.ts';
import { quote } from './open.ts';
import type { PendingErasure } from './read-blocks.ts';
import { RecentLines } from './recent-lines.ts';

/** Lines in memory, not sealed yet. */
export interface RecentTable {
  readonly name: string;
  /** Its lines once more, by profile. */
  readonly recent: RecentLines;
  lines: number;
  bytes: number;
  /** Its lines go up to here. */
  position: SealedPosition | undefined;
  /** When its oldest block was taken in. */
  sinceMs: number | undefined;
}

/** What the history consists of at one moment: some tables and some files, each line in exactly one of them. */
export interface Snapshot {
  readonly tables: readonly Pick<RecentTable, 'name' | 'recent'>[];
  readonly segments: readonly Segment[];
  /** What of them is erased. */
  readonly erased: Erased;
}

/**
 * Which tables and files make up the history. Who reads takes a snapshot and holds it with `use`; what a change leaves
 * over is thrown away when nobody is using it any more.
 */
export class Contents {
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  #tables: readonly RecentTable[] = [];
  #segments: readonly Segment[];
  #using = new Set<Promise<unknown>>();
  #retiring = new Set<Promise<unknown>>();
  #tableNumber = 0;
  #erasures: readonly PendingErasure[] = [];
  #erased: Erased = { newest: 0, profiles: new Map() };
  #isClosed = false;

  constructor(folder: string, connection: DuckDBConnection, segments: readonly Segment[]) {
    this.#folder = folder;
    this.#connection = connection;
    this.#segments = segments;
  }

  get tables(): readonly RecentTable[] {
    return this.#tables;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** What is erased and not yet out of all files. */
  get erasures(): readonly PendingErasure[] {
    return this.#erasures;
  }

  get erased(): Erased {
    return this.#erased;
  }

  /** From now on nobody finds what these erase. */
  async addErasures(erasures: readonly PendingErasure[]): Promise<void> {
    if (erasures.length === 0) return;
    await addErasures(this.#connection, erasures);
    await this.#putErasures([...this.#erasures, ...erasures]);
  }

  /** The lines of these are in no file any more that anybody who begins to read now would open. */
  async removeErasures(erasures: readonly PendingErasure[]): Promise<void> {
    const gone = new Set(erasures);
    this.#retire(() => removeErasures(this.#connection, erasures));
    await this.#putErasures(this.#erasures.filter((it) => !gone.has(it)));
  }

  async #putErasures(erasures: readonly PendingErasure[]): Promise<void> {
    this.#erasures = erasures;
    const newest = erasures.at(-1)?.id ?? 0;
    this.#erased = { newest, profiles: Map.groupBy(erasures, (it) => it.profile) };
    await this.#defineView();
  }

  /** Runs a read on what there is now. */
  async use<Result>(read: (snapshot: Snapshot) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new Error('The history is closing');
    const reading = read({
      tables: this.#tables,
      segments: this.#segments,
      erased: this.#erased,
    });
    this.#using.add(reading);
    try {
      return await reading;
    } finally {
      this.#using.delete(reading);
    }
  }

  /** A new, empty table behind the others, into which lines are taken from now on. */
  async addTable(): Promise<RecentTable> {
    this.#tableNumber += 1;
    const name = `recent_${this.#tableNumber}`;
    await this.#connection.run(`CREATE TABLE ${name} (${columnDefinitions})`);
    const recent = new RecentLines();
    const table = { name, recent, lines: 0, bytes: 0, position: undefined, sinceMs: undefined };
    this.#tables = [...this.#tables, table];
    await this.#defineView();
    return table;
  }

  /** The lines of a table are in files now. */
  async replaceTable(table: RecentTable, added: readonly Segment[]): Promise<void> {
    this.#tables = this.#tables.filter((it) => it !== table);
    this.#segments = [...this.#segments, ...added];
    await this.#defineView();
    this.#retire(() => this.#connection.run(`DROP TABLE ${table.name}`));
  }

  /** The lines of some files are in others now; `remove` deletes those nobody needs. */
  async replaceSegments(
    replaced: readonly Segment[],
    added: readonly Segment[],
    remove: () => Promise<void>,
  ): Promise<void> {
    const gone = new Set(replaced.map((it) => it.file));
    this.#segments = [...this.#segments.filter((it) => !gone.has(it.file)), ...added];
    await this.#defineView();
    this.#retire(remove);
  }

  /** Refuses reads, and resolves when those under way are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#using);
    await this.settled();
  }

  /** Resolves when what changes left over is gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#retiring);
  }

  #retire(dispose: () => Promise<unknown>): void {
    const retiring = Promise.allSettled(this.#using)
      .then(dispose)
      // A file that stays is removed at the next start.
      .catch(() => undefined)
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  /** `lines`: all lines of all projects, for SQL. Who began to read the one before keeps it to the end. */
  async #defineView(): Promise<void> {
    const parts = this.#tables.map(
      (it) => `SELECT *, make_timestamp(at_ms * 1000)::DATE AS day FROM ${it.name}`,
    );
    // There is always a table, so no column is missing.
    if (this.#segments.length > 0) {
      const types = "hive_types = {'project': INTEGER, 'day': DATE}";
      const from = fileList(this.#folder, this.#segments);
      parts.push(
        `SELECT * FROM read_parquet(${from}, union_by_name = true, hive_partitioning = true, ${types})`,
      );
    }
    const lines = withoutErased(`(${parts.join(' UNION ALL BY NAME ')})`, this.#erased);
    await this.#connection.run(`CREATE OR REPLACE VIEW lines AS SELECT * FROM ${lines}`);
  }
}

/** The lines of one or more files of one project, with all columns of a table, for FROM. */
export function linesIn(folder: string, segments: readonly Segment[]): string {
  const [{ project }] = segments as [Segment];
  const files = `read_parquet(${fileList(folder, segments)}, schema = ${fileSchema}, hive_partitioning = false)`;
  return `(SELECT *, ${project} AS project FROM ${files})`;
}

/** Files as the argument of `read_parquet`. */
function fileList(folder: string, segments: readonly Segment[]): string {
  return `[${segments.map((it) => quote(`${folder}/${it.file}`)).join(', ')}]`;
}
