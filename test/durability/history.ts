import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Random } from '../support/random.ts';
import { bloomreach } from '../support/requests.ts';
import type { Connection } from './connection.ts';
import type { Ledger } from './ledger.ts';

/** Reads histories while others write and the server seals: what was acknowledged before is there, nothing twice. */
export async function readAlong(
  connection: Connection,
  ledger: Ledger,
  random: Random,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const server = await connection.server();
    if (ledger.users().length === 0) await connection.until(() => ledger.users().length > 0);
    const user = random.pick(ledger.users());
    const before = ledger.items.filter((item) => item.user === user && item.fate === 'acknowledged');
    const path = '/data/v2/projects/{token}/customers/events';
    const asked = { customer_ids: { registered: user }, order: random.pick(['asc', 'desc']) };
    const answer = await bloomreach(server, path, asked).catch((error: unknown) =>
      connection.broke(server, error),
    );
    // Nobody knows the user yet, or the server is going down.
    if (answer === undefined || answer.status === 503) continue;
    if (answer.status === 404 && before.length === 0) continue;
    assert.equal(answer.status, 200, answer.text);
    const numbers = answer.body.data?.map((event) => Number(event.properties['n'])) ?? [];
    const seen = new Set(numbers);
    assert.equal(seen.size, numbers.length, `${user} has an event twice`);
    for (const item of before) assert.ok(seen.has(item.number), `${user} does not see ${item.number}`);
  }
}

/** The files that make up the history, as the database says. */
export function namedFiles(dataFolder: string): Set<string> {
  const database = new DatabaseSync(join(dataFolder, 'rapport.sqlite'), { readOnly: true });
  try {
    return new Set(
      database
        .prepare('SELECT file FROM segments')
        .all()
        .map((row) => String(row['file'])),
    );
  } finally {
    database.close();
  }
}

/** Files on the disk that do not count: a crash came before they were named, or before they were removed. */
export function countLeftovers(dataFolder: string): number {
  const named = namedFiles(dataFolder);
  try {
    const files = readdirSync(join(dataFolder, 'history'), { recursive: true, encoding: 'utf8' });
    return files.filter((file) => file.endsWith('.parquet') && !named.has(file)).length;
  } catch {
    return 0;
  }
}
