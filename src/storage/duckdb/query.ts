import {
  type DuckDBConnection,
  type DuckDBInstance,
  type DuckDBResult,
  type Json,
  JsonDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api';
import { queryBytesMax, queryRowsMax, queryTimeMs } from './limits.ts';
import { profileDocuments } from './profile-documents.ts';
import type { BlockReader } from './read-blocks.ts';
import { views } from './views.ts';

/** An answer to `query`. Whole numbers that JavaScript has, and decimals, are numbers; larger ones are texts. */
export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Json[])[];
  /** There are more rows than the bounds of rows or bytes let through. */
  readonly truncated: boolean;
}

/** The SQL is not one SELECT, is wrong, or took too long: the message is for whoever wrote it. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** Runs SQL that people write, one statement at a time; it can read the views, and change or open nothing else. */
export class Query {
  readonly #connection: DuckDBConnection;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Defines the views; `lines` has to be there. */
  static async open(database: DuckDBInstance, reader: BlockReader): Promise<Query> {
    const connection = await database.connect();
    connection.registerTableFunction(profileDocuments(reader));
    await connection.run(views);
    return new Query(connection);
  }

  /** Answers one SELECT (or EXPLAIN); the next one waits for it. Throws `QueryError`. */
  run(sql: string): Promise<QueryResult> {
    const result = this.#last.then(() => this.#runInTime(sql));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Ends what is running. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  async #runInTime(sql: string): Promise<QueryResult> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#connection.interrupt();
    }, queryTimeMs);
    // A transaction that cannot write, whatever statement it is given.
    await this.#connection.run('BEGIN TRANSACTION READ ONLY');
    try {
      return await this.#answer(sql);
    } catch (error) {
      if (isLate) throw new QueryError(`The query took longer than ${queryTimeMs / 1000} s`);
      throw new QueryError((error as Error).message.replace(/^Failed to extract statements: /, ''));
    } finally {
      clearTimeout(timer);
      await this.#connection.run('ROLLBACK');
    }
  }

  async #answer(sql: string): Promise<QueryResult> {
    if (sql.includes('\0')) throw new Error('SQL has no character NUL');
    const statements = await this.#connection.extractStatements(sql);
    if (statements.count !== 1) throw new Error('Only one statement at a time');
    const statement = await statements.prepare(0);
    try {
      const type = statement.statementType;
      if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN) {
        throw new Error('Only SELECT is allowed');
      }
      return await collect(await statement.stream());
    } finally {
      statement.destroySync();
    }
  }
}

async function collect(result: DuckDBResult): Promise<QueryResult> {
  const types = result.columnTypes().map(String);
  const columns = result.columnNames().map((name, index) => ({ name, type: types[index] as string }));
  const rows: Json[][] = [];
  let bytes = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return { columns, rows, truncated: false };
    for (const row of chunk.convertRows(JsonDuckDBValueConverter)) {
      const values = row.map((value, index) => toNumber(value, types[index] as string));
      bytes += JSON.stringify(values).length;
      if (rows.length >= queryRowsMax || bytes > queryBytesMax) return { columns, rows, truncated: true };
      rows.push(values);
    }
  }
}

/** DuckDB's JSON has large numbers as texts. */
function toNumber(value: Json, type: string): Json {
  if (typeof value !== 'string' || !/^(U?BIGINT|U?HUGEINT|DECIMAL)/.test(type)) return value;
  const number = Number(value);
  const isExact = type.startsWith('DECIMAL') ? value.length <= 16 : Number.isSafeInteger(number);
  return isExact ? number : value;
}
