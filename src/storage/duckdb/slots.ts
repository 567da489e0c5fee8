import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { readsMax } from './limits.ts';

/** A few connections for reads; who finds none free waits in line. */
export class Slots {
  readonly #free: DuckDBConnection[];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];

  private constructor(connections: DuckDBConnection[]) {
    this.#free = connections;
  }

  static async open(database: DuckDBInstance): Promise<Slots> {
    return new Slots(await Promise.all(Array.from({ length: readsMax }, () => database.connect())));
  }

  async use<Result>(read: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const connection =
      this.#free.pop() ?? (await new Promise<DuckDBConnection>((resolve) => this.#waiting.push(resolve)));
    try {
      return await read(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(connection);
      else next(connection);
    }
  }
}
