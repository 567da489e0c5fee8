/**
 * `npm run bench:data`: how fast the history takes in, seals and answers, on generated lines of 30 days, and what it takes
 * of disk and memory; then the real server's ingest at half its rate, with and without the history at work beside it, and
 * an export of all customers, alone and beside such ingest, and what the ingest takes without it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { type EventId, firstEventId, type ProjectId } from '../src/core/ids.ts';
import { DuckHistory } from '../src/storage/duckdb/history.ts';
import { openWriter } from '../src/storage/sqlite/open.ts';
import { migrate } from '../src/storage/sqlite/schema.ts';
import { SqliteStore } from '../src/storage/sqlite/store.ts';
import { measureBeside } from './data-beside.ts';
import { measureExport } from './data-export.ts';
import { days, LineSource, startMs, toWriteSet } from './data-lines.ts';
import { Figures } from './figures.ts';
import { endOnSignals } from './processes.ts';
import { machine } from './report.ts';
import { percentile } from './statistics.ts';

const sealLines = 250_000;
const linesPerSlice = 500_000;
const blocksPerCommit = 20;
const runsPerQuery = 5;
const profileReads = 60;

const usage = `npm run bench:data -- [options]
  --lines N      generated lines, 0 leaves the history out (10000000)
  --seconds S    length of the ingest beside it, 0 leaves it out (15)
  --customers N  customers of the export, 0 leaves it out (1000000)
  --data FOLDER  where the data folders go, on a real disk (node_modules/.cache)
RAPPORT_BENCH_OUT names the JSON file (bench-data.json).`;

const figures = new Figures();
const { report } = figures;

/** The newest line of a store of generated lines is as old as its time. */
class Bench {
  readonly #folder: string;
  readonly #source: LineSource;
  readonly #store: SqliteStore;
  readonly #history: DuckHistory;
  #nowMs = startMs;

  constructor(folder: string, lines: number) {
    this.#folder = folder;
    this.#source = new LineSource(lines);
    const file = join(folder, 'rapport.sqlite');
    const database = openWriter(file);
    migrate(database);
    database.close();
    const store = new SqliteStore(file);
    this.#store = store;
    this.#history = new DuckHistory({
      file,
      folder: join(folder, 'history'),
      sealLines,
      clock: () => this.#nowMs,
      lastEvent: () => store.lastEvent(),
      sealedUpTo: () => store.sealed?.last ?? firstEventId,
      seal: (sealing) => store.seal(sealing),
    });
  }

  async run(): Promise<void> {
    await this.#takeIn();
    await this.#readReports();
    await this.#readProfiles();
    await this.#exportDay();
    report('memory of the process, with DuckDB', process.memoryUsage().rss / 2 ** 20, 'MB');
  }

  async close(): Promise<void> {
    await this.#history.close();
    await this.#store.close();
  }

  /** Lines become blocks (not measured), then a slice at a time they are taken in and sealed. */
  async #takeIn(): Promise<void> {
    let seconds = 0;
    let taken = 0;
    let first = true;
    // Its thread is running before anything is measured.
    await this.#history.query('SELECT 1');
    for (;;) {
      // First less than what is sealed at once: taking in alone, then sealing alone.
      const lines = await this.#commit(first ? sealLines - 50_000 : linesPerSlice);
      if (lines === 0) break;
      const tick = await timed(() => this.#history.tick());
      seconds += tick;
      taken += lines;
      if (first) {
        report('taking in, alone', lines / tick, 'lines/s');
        this.#reportBlocks();
        const seal = await timed(() => this.#history.settle());
        report('sealing, alone', lines / seal, 'lines/s');
        seconds += seal;
      }
      first = false;
      await this.#store.prune();
    }
    seconds += await timed(() => this.#history.settle());
    report('taking in and sealing, with the merges of the day', taken / seconds, 'lines/s');
    this.#nowMs += 2 * 24 * 60 * 60 * 1000;
    report('merging what is left at the end of a day', await timed(() => this.#history.settle()), 's');
    const { fileBytes = 0, fileRows = 0, files = 0 } = this.#history.metrics.status ?? {};
    if (fileRows !== this.#source.lines) throw new Error(`${fileRows} lines of ${this.#source.lines} sealed`);
    report('files', files, '');
    report('bytes per line, sealed', fileBytes / fileRows, 'B', '< 40');
  }

  async #commit(lines: number): Promise<number> {
    const blocks = this.#source.next(lines);
    for (let at = 0; at < blocks.length; at += blocksPerCommit) {
      const part = blocks.slice(at, at + blocksPerCommit);
      await this.#store.commit(toWriteSet(part, this.#source.nowMs));
    }
    this.#nowMs = this.#source.nowMs;
    return blocks.reduce((sum, block) => sum + block.lines, 0);
  }

  #reportBlocks(): void {
    const database = new DatabaseSync(join(this.#folder, 'rapport.sqlite'), { readOnly: true });
    const row = database.prepare('SELECT sum(length(body)) / sum(lines * 1.0) AS bytes FROM blocks').get();
    database.close();
    report('bytes per line, in blocks', Number(row?.['bytes']), 'B');
  }

  async #readReports(): Promise<void> {
    const counts = 'FROM events WHERE project = 1 GROUP BY day, name';
    const step = (n: number) => `name = 'event ${n}' AND day < DATE '2026-01-08' AND project = 1`;
    const funnel = `
      WITH a AS (SELECT profile, min(time) AS time FROM events WHERE ${step(0)} GROUP BY profile),
      b AS (SELECT profile, min(e.time) AS time FROM events e JOIN a USING (profile)
        WHERE ${step(1)} AND e.time > a.time GROUP BY profile),
      c AS (SELECT profile, min(e.time) AS time FROM events e JOIN b USING (profile)
        WHERE ${step(2)} AND e.time > b.time GROUP BY profile)
      SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM c)`;
    const queries = [
      ['counts by event and day', `SELECT day, name, count(*) ${counts}`, undefined],
      [
        '… with exact unique users, in one statement',
        `SELECT day, name, count(*), count(DISTINCT profile) ${counts}`,
        undefined,
      ],
      [
        '… with approximate unique users',
        `SELECT day, name, count(*), approx_count_distinct(profile) ${counts}`,
        '< 0.5',
      ],
      ['funnel of 3 steps over 7 days', funnel, '< 1'],
      [
        'counts of one day by a parameter',
        `SELECT params->>'screen', count(*) FROM events WHERE project = 1 AND day = DATE '2026-01-15' GROUP BY ALL`,
        undefined,
      ],
    ] as const;
    for (const [name, sql, goal] of queries) {
      report(name, await median(runsPerQuery, () => this.#history.query(sql)), 's', goal);
    }
    report('… with exact unique users, day by day', await median(3, () => this.#countUsers()), 's', '< 2.5');
  }

  /** Users of different days are counted apart: a statement for each day needs a thirtieth of the memory. */
  async #countUsers(): Promise<void> {
    for (let day = 1; day <= days; day++) {
      const isDay = `project = 1 AND day = DATE '2026-01-${String(day).padStart(2, '0')}'`;
      await this.#history.query(
        `SELECT name, count(*), count(DISTINCT profile) FROM events WHERE ${isDay} GROUP BY name`,
      );
    }
  }

  async #readProfiles(): Promise<void> {
    const times: number[] = [];
    for (let n = 0; n < profileReads; n++) {
      const wanted = {
        project: 1 as ProjectId,
        by: 'time',
        order: 'desc',
        limit: 50,
        events: 'all',
      } as const;
      const profiles = [this.#source.heavyProfile(n)];
      const upTo = this.#store.lastEvent() as EventId;
      const startedAt = performance.now();
      const { lines } = await this.#history.linesOf({ ...wanted, profiles, upTo });
      times.push(performance.now() - startedAt);
      if (lines.length !== 50) throw new Error(`${lines.length} lines of a profile instead of 50`);
    }
    const sorted = Float64Array.from(times).sort();
    const name = `newest 50 of a profile's ${this.#source.heavyLines.toLocaleString('en-US')} events`;
    report(`${name}, p50`, percentile(sorted, 0.5), 'ms', '< 50');
    report(`${name}, p99`, percentile(sorted, 0.99), 'ms');
  }

  /** As docs/operating/history.md says: the events of one day into one Parquet file. */
  async #exportDay(): Promise<void> {
    const database = await DuckDBInstance.create(':memory:', { memory_limit: '512MB' });
    const connection = await database.connect();
    const folder = join(this.#folder, 'history/project=1/day=2026-01-15');
    if (readdirSync(folder).length === 0) throw new Error('no files of that day');
    const sql = `COPY (SELECT * FROM '${folder}/*.parquet' WHERE kind = 'event')
      TO '${this.#folder}/day.parquet'
      (FORMAT parquet, PARQUET_VERSION v2, ROW_GROUP_SIZE 40960, COMPRESSION zstd, COMPRESSION_LEVEL 1)`;
    report('one day as Parquet', await median(3, () => connection.run(sql)), 's', '< 0.5');
    connection.closeSync();
    database.closeSync();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** Seconds, after one run that does not count. */
async function median(runs: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await timed(work));
  return percentile(Float64Array.from(times).sort(), 0.5);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '10000000' },
      seconds: { type: 'string', default: '15' },
      customers: { type: 'string', default: '1000000' },
      data: { type: 'string', default: join(import.meta.dirname, '../node_modules/.cache') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  mkdirSync(values.data, { recursive: true });
  const folder = mkdtempSync(join(values.data, 'bench-data-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const lines = Number(values.lines);
  const seconds = Number(values.seconds);
  const customers = Number(values.customers);
  console.log(`${machine()}, ${lines.toLocaleString('en-US')} lines`);
  try {
    if (lines > 0) await measureHistory(folder, lines);
    if (seconds > 0) await measureBeside(folder, seconds * 1000, report);
    if (customers > 0) await measureExport(folder, customers, report);
  } finally {
    console.log(`\n${figures.toTable()}\n`);
    const outFile = process.env['RAPPORT_BENCH_OUT'] ?? 'bench-data.json';
    writeFileSync(outFile, `${JSON.stringify(figures.list, null, 2)}\n`);
  }
}

async function measureHistory(folder: string, lines: number): Promise<void> {
  const bench = new Bench(folder, lines);
  await bench.run();
  await bench.close();
}

endOnSignals();
await main();
