import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { DuckDBConnection } from '@duckdb/node-api';
import { until } from '../../../test/support/until.ts';
import { type EventId, firstEventId, type ProjectId } from '../../core/ids.ts';
import type { Line } from '../../core/line.ts';
import type { Block, Sealing, Segment } from '../../engine/store.ts';
import { bank, block, eventId, eventLine, profileId, shop, writeSet } from '../contract/write-sets.ts';
import { openWriter } from '../sqlite/open.ts';
import { migrate } from '../sqlite/schema.ts';
import { SqliteStore } from '../sqlite/store.ts';
import { DuckHistory } from './history.ts';
import { blocksPerRead, mergedRowsMax, sealAgeMs } from './limits.ts';
import { findMerge } from './sealer.ts';
import { checksum } from './write-segment.ts';

const noonMs = Date.UTC(2026, 0, 31, 12);
const dayMs = 24 * 60 * 60 * 1000;

function create(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-files-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  const store = new SqliteStore(file);
  const world = { nowMs: noonMs, refuse: false };
  const open = () =>
    new DuckHistory({
      file,
      folder: join(folder, 'history'),
      sealLines: 1_000_000,
      clock: () => world.nowMs,
      lastEvent: () => store.lastEvent(),
      sealedUpTo: () => store.sealed?.last ?? firstEventId,
      seal: (sealing: Sealing) => (world.refuse ? Promise.reject(new Error('no room')) : store.seal(sealing)),
    });
  let history = open();
  // Rows of profiles lack nothing, so that blocks may go when they are sealed.
  const commitBlocks = (blocks: readonly Block[]) =>
    store.commit(writeSet({ nowMs: world.nowMs, rowsUpTo: blocks[0]?.lastEvent, blocks }));
  const lines = async () => {
    const wanted = { project: shop, profiles: [profileId(1)], upTo: eventId(1_000), limit: 1_000 };
    return (await history.linesOf({ ...wanted, by: 'id', order: 'asc' })).lines;
  };
  t.after(async () => {
    await history.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return {
    world,
    history: () => history,
    folder: join(folder, 'history'),
    commit: (project: ProjectId, ...lines: Line[]) => commitBlocks([block(project, lines)]),
    commitBlocks,
    erase: (of: number, upTo: number) => {
      const erasure = { project: shop, profile: profileId(of), upTo: eventId(upTo), scope: 'all' as const };
      return store.commit(writeSet({ nowMs: world.nowMs, erasures: [erasure] }));
    },
    prune: () => store.prune(),
    onDisk: () =>
      readdirSync(join(folder, 'history'), { recursive: true, encoding: 'utf8' })
        .filter((it) => it.includes('.'))
        .sort(),
    database: (sql: string) => {
      const writer = new DatabaseSync(file);
      writer.exec(sql);
      writer.close();
    },
    named: () => rowsOf(file, 'SELECT * FROM segments ORDER BY file'),
    receipts: () => rowsOf(file, 'SELECT lines, files, done_ms IS NOT NULL AS done FROM erased ORDER BY id'),
    lines,
    all: async () => (await lines()).map((line) => line.id - eventId(0)),
    async reopen() {
      await history.close();
      history = open();
    },
  };
}

function rowsOf(file: string, sql: string) {
  const reader = new DatabaseSync(file, { readOnly: true });
  const rows = reader.prepare(sql).all();
  reader.close();
  return rows;
}

/** Numbers of the lines that a file holds, whoever may see them. */
async function idsIn(path: string): Promise<number[]> {
  const connection = await DuckDBConnection.create();
  const sql = `SELECT (id - ${eventId(0)})::DOUBLE FROM read_parquet('${path}', hive_partitioning = false) ORDER BY id`;
  const rows = await (await connection.run(sql)).getRowsJS();
  connection.closeSync();
  return rows.flat() as number[];
}

const at = (n: number, atMs: number, project = shop): Line => ({ ...eventLine(n, 1, { project }), atMs });

describe('sealed files', () => {
  test('one per project and day, also of one block; named with what they hold', async (t) => {
    const { commit, history, named, onDisk, folder } = create(t);
    await commit(shop, at(1, noonMs), at(2, noonMs + dayMs), at(3, noonMs));
    await commit(bank, at(4, noonMs, bank));
    await history().settle();
    const files = [
      `project=1/day=2026-01-31/${eventId(1)}-${eventId(3)}.parquet`,
      `project=1/day=2026-02-01/${eventId(2)}-${eventId(2)}.parquet`,
      `project=2/day=2026-01-31/${eventId(4)}-${eventId(4)}.parquet`,
    ];
    assert.deepEqual(onDisk(), files);
    const rows = named();
    assert.deepEqual(
      rows.map((row) => [
        row['file'],
        row['project_id'],
        row['day'],
        row['rows'],
        row['min_time'],
        row['max_time'],
      ]),
      [
        [files[0], 1, '2026-01-31', 2, 1_700_000_000.001, 1_700_000_000.003],
        [files[1], 1, '2026-02-01', 1, 1_700_000_000.002, 1_700_000_000.002],
        [files[2], 2, '2026-01-31', 1, 1_700_000_000.004, 1_700_000_000.004],
      ],
    );
    for (const row of rows) {
      const path = join(folder, String(row['file']));
      assert.deepEqual([readFileSync(path).length, await checksum(path)], [row['bytes'], row['sha256']]);
    }
  });

  test('any reader of Parquet finds the documented columns, sorted by profile and time', async (t) => {
    const { commit, history, folder, onDisk } = create(t);
    await commit(shop, eventLine(1, 9), eventLine(2, 1), { ...eventLine(3, 1), timeSec: 5 }, eventLine(4, 9));
    await history().settle();
    const connection = await DuckDBConnection.create();
    t.after(() => connection.closeSync());
    const path = join(folder, onDisk()[0] as string);
    const rows = await (
      await connection.run(
        `SELECT id - ${eventId(0)} FROM read_parquet('${path}', hive_partitioning = false)`,
      )
    ).getRowsJson();
    assert.deepEqual(rows.flat(), ['3', '2', '1', '4']);
    const described = await (
      await connection.run(`DESCRIBE SELECT * FROM read_parquet('${path}', hive_partitioning = false)`)
    ).getRowsJson();
    const manual = readFileSync(new URL('../../../docs/operating/history.md', import.meta.url), 'utf8');
    for (const [name, type] of described) {
      assert.match(manual, new RegExp(`\\| .*\`${name}\`.* \\| .*${type}.* \\|`), `${name} ${type}`);
    }
  });

  test('what nobody names is removed at the start, whatever its place', async (t) => {
    const { commit, history, onDisk, folder, reopen, all } = create(t);
    await commit(shop, at(1, noonMs));
    await history().settle();
    const [file] = onDisk();
    const left = [
      'stray.parquet',
      'project=1/day=2026-01-31/7-9.parquet',
      'project=7/day=2026-01-01/1-2.parquet',
    ];
    for (const path of [...left, 'temporary/duckdb_temp_storage-0.tmp']) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), 'half a file');
    }
    await reopen();
    assert.deepEqual(await all(), [1]);
    assert.deepEqual(onDisk(), [file]);
  });

  test('a seal that fails loses nothing and is tried again; nothing is there twice', async (t) => {
    const { world, commit, history, all, named } = create(t);
    await commit(shop, at(1, noonMs));
    world.refuse = true;
    await assert.rejects(history().settle(), /no room/);
    await commit(shop, at(2, noonMs));
    assert.deepEqual([await all(), named().length], [[1, 2], 0]);
    const status = await history().tick();
    assert.equal(status?.problem, 'no room');
    world.refuse = false;
    const { problem, recentLines } = await history().settle();
    assert.deepEqual([problem, recentLines], [undefined, 0]);
    assert.deepEqual(await all(), [1, 2]);
  });

  test('blocks that cannot be taken in stay out as a whole, however often they are tried', async (t) => {
    const { commit, commitBlocks, history, database, all } = create(t);
    await commit(shop, at(1, noonMs));
    const nobodys = { ...block(shop, [at(2, noonMs)]), body: '{"v":1}' };
    await commitBlocks([nobodys]);
    await assert.rejects(all(), /a line without a profile/);
    await assert.rejects(all(), /a line without a profile/);
    database(`DELETE FROM blocks WHERE id = ${nobodys.firstEvent}`);
    assert.deepEqual(await all(), [1]);
    assert.deepEqual((await history().query('SELECT count(*) FROM lines')).rows, [[1]]);
  });

  test('a history that cannot be opened says why, and is opened by the next question', async (t) => {
    const { commit, database, all } = create(t);
    await commit(shop, at(1, noonMs));
    database('ALTER TABLE segments RENAME TO hidden');
    await assert.rejects(all(), /no such table: segments/);
    database('ALTER TABLE hidden RENAME TO segments');
    await until(
      async () =>
        all().then(
          (ids) => ids.length === 1,
          () => false,
        ),
      'it is opened',
    );
  });

  test('few lines are sealed when they are old', async (t) => {
    const { world, commit, history, named, all } = create(t);
    await commit(shop, at(1, noonMs));
    assert.deepEqual(await all(), [1]);
    world.nowMs += sealAgeMs - 1;
    await history().tick();
    assert.equal((await history().tick())?.recentLines, 1);
    assert.equal(named().length, 0);
    world.nowMs += 1;
    await history().tick();
    await until(() => named().length === 1, 'sealed by age');
    assert.deepEqual(await all(), [1]);
  });
});

describe('closing', () => {
  test('cuts taking in short, which is no failure; the next start takes in the rest', async (t) => {
    const { commit, history, all, reopen } = create(t);
    await commit(shop, at(1, noonMs));
    assert.deepEqual(await all(), [1]);
    // More than are taken in at once.
    const numbers = Array.from({ length: 3 * blocksPerRead }, (_, n) => n + 2);
    await Promise.all(numbers.map((n) => commit(shop, at(n, noonMs))));
    const closing = history();
    const ticking = closing.tick();
    await reopen();
    const status = await ticking;
    assert.deepEqual([status?.problem, await closing.tick()], [undefined, status]);
    assert.deepEqual(await all(), [1, ...numbers]);
  });
});

describe('files written before a column existed', () => {
  const columns = [
    'background',
    'billed',
    'passive',
    'stamped',
    'prior',
    'same',
    'document',
    'spent',
    'scope',
  ];

  /** Writes all files again as a version without these columns would have. */
  async function age({ folder, onDisk, reopen }: ReturnType<typeof create>) {
    const connection = await DuckDBConnection.create();
    for (const file of onDisk()) {
      const path = join(folder, file);
      const kept = `SELECT * EXCLUDE (${columns}) FROM read_parquet('${path}', hive_partitioning = false)`;
      await connection.run(`COPY (${kept}) TO '${path}' (FORMAT parquet)`);
    }
    connection.closeSync();
    await reopen();
  }

  async function sealedAndAged(t: TestContext) {
    const created = create(t);
    for (const numbers of [[1, 2], [3]]) {
      await created.commit(shop, ...numbers.map((n) => at(n, noonMs)));
      await created.history().settle();
    }
    const before = await created.lines();
    await age(created);
    return { ...created, before };
  }

  test('are read as if they had it, alone and beside newer ones', async (t) => {
    const { lines, before, commit, history } = await sealedAndAged(t);
    assert.deepEqual([before.length, await lines()], [3, before]);
    await commit(shop, { ...at(4, noonMs), passive: true } as Line);
    await history().settle();
    assert.deepEqual(
      (await lines()).map((it) => it.kind === 'event' && it.passive),
      [false, false, false, true],
    );
  });

  test('are there for SQL', async (t) => {
    const { history } = await sealedAndAged(t);
    const { rows } = await history().query(
      `SELECT id - ${eventId(0)}, passive, document FROM lines ORDER BY id`,
    );
    assert.deepEqual(rows, [
      [1, null, null],
      [2, null, null],
      [3, null, null],
    ]);
    assert.deepEqual((await history().query('SELECT count(*) FROM events')).rows, [[3]]);
    assert.deepEqual((await history().query('SELECT count(*) FROM sessions')).rows, [[0]]);
  });

  test('are merged', async (t) => {
    const { world, history, named, lines, before } = await sealedAndAged(t);
    world.nowMs += dayMs;
    await history().settle();
    assert.deepEqual(
      named().map((row) => row['rows']),
      [3],
    );
    assert.deepEqual(await lines(), before);
  });

  test('are written again without what is erased', async (t) => {
    const { commit, erase, prune, history, receipts, all } = await sealedAndAged(t);
    await commit(shop, at(4, noonMs));
    await erase(1, 1);
    await history().settle();
    await prune();
    await history().settle();
    assert.deepEqual(receipts().map(Object.values), [[1, 1, 1]]);
    assert.deepEqual(await all(), [2, 3, 4]);
  });
});

describe('merging', () => {
  test('eight files of a day become one, and reads go on meanwhile', async (t) => {
    const { commit, history, named, onDisk, all } = create(t);
    for (let n = 1; n <= 7; n++) {
      await commit(shop, at(n, noonMs));
      await history().settle();
    }
    assert.equal(named().length, 7);
    await commit(shop, at(8, noonMs));
    const [, ...reads] = await Promise.all([history().settle(), ...Array.from({ length: 20 }, all)]);
    for (const read of reads) assert.deepEqual(read, [1, 2, 3, 4, 5, 6, 7, 8]);
    await history().settle();
    const [row, ...others] = named();
    assert.match(
      String(row?.['file']),
      RegExp(`^project=1/day=2026-01-31/${eventId(1)}-${eventId(8)}-[0-9a-f]+.parquet$`),
    );
    assert.deepEqual([row?.['rows'], others, onDisk()], [8, [], [row?.['file']]]);
  });

  test('when the day is over two are enough', async (t) => {
    const { world, commit, history, named, all } = create(t);
    for (const n of [1, 2]) {
      await commit(shop, at(n, noonMs));
      await history().settle();
    }
    assert.equal(named().length, 2);
    world.nowMs += dayMs;
    await history().settle();
    assert.equal(named().length, 1);
    assert.deepEqual(await all(), [1, 2]);
  });

  test('what is erased, and not yet taken out, is not written again', async (t) => {
    const { world, commit, erase, history, named, receipts, onDisk, folder, all, prune } = create(t);
    for (const n of [1, 2, 3]) {
      await commit(shop, { ...at(n, noonMs), profile: profileId(n === 2 ? 2 : 1) });
      await history().settle();
    }
    // Its blocks are still there, so the files are not yet written again for it alone.
    await erase(1, 2);
    await erase(2, 2);
    world.nowMs += dayMs;
    await history().settle();
    const [row, ...others] = named();
    assert.deepEqual([others, onDisk()], [[], [row?.['file']]]);
    const path = join(folder, String(row?.['file']));
    assert.deepEqual([await idsIn(path), await all()], [[3], [3]]);
    const { from_id, to_id, rows, min_time, max_time, longest_line, bytes, sha256 } = row ?? {};
    assert.deepEqual([from_id, to_id, rows], [eventId(3), eventId(3), 1]);
    assert.deepEqual([min_time, max_time], [1_700_000_000.003, 1_700_000_000.003]);
    assert.equal(longest_line, 413);
    assert.deepEqual([bytes, sha256], [readFileSync(path).length, await checksum(path)]);
    assert.deepEqual(receipts().map(Object.values), [
      [1, 1, 0],
      [1, 1, 0],
    ]);
    await prune();
    await history().settle();
    // Counted once, and done.
    assert.deepEqual(receipts().map(Object.values), [
      [1, 1, 1],
      [1, 1, 1],
    ]);
    assert.deepEqual([await all(), onDisk()], [[3], [row?.['file']]]);
  });

  test('files that hold nothing else leave none', async (t) => {
    const { world, commit, erase, history, named, onDisk, all } = create(t);
    for (const n of [1, 2]) {
      await commit(shop, at(n, noonMs));
      await history().settle();
    }
    await erase(1, 2);
    world.nowMs += dayMs;
    await history().settle();
    assert.deepEqual([await all(), named(), onDisk()], [[], [], []]);
  });

  const segment = (n: number, of: Partial<Segment> = {}): Segment => {
    const ids = { fromId: n as EventId, toId: (n + 1) as EventId };
    const bounds = { minTimeSec: 0, maxTimeSec: 1, longestLine: 500 };
    return {
      file: `${n}`,
      project: shop,
      day: '2026-01-31',
      ...ids,
      ...bounds,
      rows: 10,
      bytes: 1,
      sha256: '',
      ...of,
    };
  };
  const list = (count: number, of: Partial<Segment> = {}) =>
    Array.from({ length: count }, (_, n) => segment(n, of));
  const cases: readonly (readonly [string, readonly Segment[], number | undefined])[] = [
    ['nothing of nothing', [], undefined],
    ['not seven while the day goes on', list(7), undefined],
    ['eight', list(8), 8],
    ['not of different projects', [...list(7), segment(9, { project: bank })], undefined],
    ['not of different days', [...list(7), segment(9, { day: '2026-02-01' })], undefined],
    ['two of a day that is over', list(2, { day: '2026-01-30' }), 2],
    ['not one', list(1, { day: '2026-01-30' }), undefined],
    ['not large ones', list(9, { rows: mergedRowsMax }), undefined],
    ['as many as fit', list(9, { day: '2026-01-30', rows: mergedRowsMax / 4 }), 4],
  ];
  for (const [title, segments, expected] of cases) {
    test(title, () => assert.equal(findMerge(segments, noonMs)?.length, expected));
  }
});
