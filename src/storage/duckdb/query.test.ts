import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Command } from '../../core/command.ts';
import { firstEventId, type ProjectId } from '../../core/ids.ts';
import { Engine } from '../../engine/submit.ts';
import { openWriter } from '../sqlite/open.ts';
import { migrate } from '../sqlite/schema.ts';
import { SqliteStore } from '../sqlite/store.ts';
import { DuckHistory } from './history.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-query-'));
let store: SqliteStore;
let history: DuckHistory;
let nowMs = Date.UTC(2026, 0, 31, 23, 59, 0);

const ids = [
  { kind: 'user', value: 'ann', attach: true },
  { kind: 'hard:email_id', value: 'a@b.c', attach: true },
  { kind: 'soft:fb', value: 'f1', attach: true },
  { kind: 'soft:fb', value: 'f2', attach: true },
  { kind: 'device', value: 'phone', attach: true },
] as const;
const base = { ids, create: true, timeSec: null };
const commands: readonly Command[] = [
  {
    ...base,
    kind: 'open_session',
    continueOpen: false,
    background: false,
    facts: [],
    devices: [],
    attributes: [['plan', 'pro']],
  },
  { ...base, kind: 'track', name: 'bought', value: 9.5, info: null, params: { sku: 'a' }, stamped: false },
  {
    ...base,
    kind: 'set_attributes',
    attributes: [
      ['age', 31],
      ['gone', 1],
    ],
    keepNewer: false,
  },
  {
    ...base,
    kind: 'set_attributes',
    attributes: [
      ['gone', null],
      ['tags', ['x', { y: null }]],
    ],
    keepNewer: false,
  },
  { ...base, kind: 'track', name: 'bought', value: 0.5, info: 'late', params: {}, stamped: false },
  { ...base, kind: 'track', name: 'far', value: null, info: null, params: {}, timeSec: 9e15, stamped: false },
];

before(async () => {
  // A machine whose own time is not UTC.
  process.env['TZ'] = 'America/New_York';
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  store = new SqliteStore(file);
  history = new DuckHistory({
    file,
    folder: join(folder, 'history'),
    sealLines: 1_000_000,
    clock: () => nowMs,
    lastEvent: () => store.lastEvent(),
    sealedUpTo: () => firstEventId,
    seal: (sealing) => store.seal(sealing),
  });
  const fail = (error: unknown) => assert.fail(String(error));
  const engine = new Engine({ store, clock: () => nowMs, onFatal: fail, onBug: fail });
  for (const command of commands) {
    const result = await engine.submit({ project: 1 as ProjectId, items: [{ command }], bytes: 0 });
    assert.ok(result.code === 'done' && result.outcomes[0]?.code === 'applied', JSON.stringify(result));
    nowMs += 45_000;
  }
  // Writes the rows of profiles that are behind.
  await engine.drain();
});
after(async () => {
  await history.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const rowsOf = async (sql: string) => (await history.query(sql)).rows;

for (const where of ['in memory', 'in files of two days']) {
  describe(`the views, with lines ${where}`, () => {
    before(async () => {
      if (where === 'in memory') return;
      const { files, recentLines } = await history.settle();
      assert.deepEqual({ files, recentLines }, { files: 2, recentLines: 0 });
    });

    test('events', async () => {
      const columns =
        'project, name, time, received, day, value, info, params, session IS NOT NULL AS open, ahead';
      const { columns: header, rows } = await history.query(`SELECT ${columns} FROM events ORDER BY event`);
      assert.deepEqual(header[2], { name: 'time', type: 'TIMESTAMP' });
      assert.deepEqual(rows, [
        [
          1,
          'bought',
          '2026-01-31 23:59:45',
          '2026-01-31 23:59:45',
          '2026-01-31',
          9.5,
          null,
          '{"sku":"a"}',
          true,
          false,
        ],
        [
          1,
          'bought',
          '2026-02-01 00:02:00',
          '2026-02-01 00:02:00',
          '2026-02-01',
          0.5,
          'late',
          '{}',
          true,
          false,
        ],
        // A time that no calendar has.
        [1, 'far', null, '2026-02-01 00:02:45', '2026-02-01', null, null, '{}', true, true],
      ]);
    });

    test('sessions', async () => {
      const columns = '"start", "end", seconds, events, ended, device IS NOT NULL AS has_device';
      assert.deepEqual(await rowsOf(`SELECT ${columns} FROM sessions`), [
        ['2026-01-31 23:59:00', '2026-02-01 00:02:45', 225, 3, false, true],
      ]);
    });

    test('profiles', async () => {
      const email = "other_ids->'hard:email_id'->>0";
      assert.deepEqual(await rowsOf(`SELECT other_ids, ${email} FROM profiles`), [
        ['{"hard:email_id":["a@b.c"],"soft:fb":["f1","f2"]}', 'a@b.c'],
      ]);
      const columns = 'user_id, device_ids, cookie_ids, sessions, attributes, event_counts, created';
      const [row, ...others] = await rowsOf(`SELECT ${columns} FROM profiles`);
      assert.deepEqual(others, []);
      const [userId, devices, cookies, sessions, attributes, counts, created] = row ?? [];
      assert.deepEqual(
        [userId, devices, cookies, sessions, created],
        ['ann', ['phone'], [], 1, '2026-01-31 23:59:00'],
      );
      assert.deepEqual(JSON.parse(attributes as string), { plan: 'pro', age: 31, tags: ['x', { y: null }] });
      assert.deepEqual(JSON.parse(counts as string), { bought: 2, far: 1 });
    });

    test('joined with one another', async () => {
      const sql = `SELECT p.user_id, e.name, count(*) AS n FROM events e JOIN profiles p USING (project, profile)
        GROUP BY ALL ORDER BY name`;
      assert.deepEqual(await rowsOf(sql), [
        ['ann', 'bought', 2],
        ['ann', 'far', 1],
      ]);
    });
  });
}

test('times are UTC wherever the server is, and what is known of files is kept from query to query', async () => {
  const settings = "current_setting('TimeZone'), current_setting('parquet_metadata_cache')";
  assert.deepEqual(await rowsOf(`SELECT TIMESTAMPTZ '2026-01-01 00:00:00Z'::VARCHAR, ${settings}`), [
    ['2026-01-01 00:00:00+00', 'UTC', true],
  ]);
});

describe('what SQL may not do', () => {
  const secret = join(folder, 'secret.csv');
  const target = join(folder, 'history', 'written.parquet');
  before(() => writeFileSync(secret, 'a\n1\n'));
  const refused: readonly (readonly [string, RegExp])[] = [
    [`SELECT * FROM '${secret}'`, /does not exist|disabled/],
    [`SELECT * FROM read_csv('${secret}')`, /disabled by configuration/],
    [`SELECT * FROM read_text('${join(folder, 'rapport.sqlite')}')`, /disabled by configuration/],
    [`SELECT * FROM read_blob('${join(folder, 'history/../secret.csv')}')`, /disabled by configuration/],
    [`SELECT * FROM glob('/etc/*')`, /disabled by configuration/],
    [`COPY (SELECT 1) TO '${target}'`, /Only SELECT is allowed/],
    [`ATTACH '${join(folder, 'history', 'other.db')}'`, /Only SELECT is allowed/],
    ['INSTALL httpfs', /Only SELECT is allowed/],
    ['LOAD httpfs', /Only SELECT is allowed/],
    ["SET memory_limit = '64GB'", /Only SELECT is allowed/],
    ['SET enable_external_access = true', /Only SELECT is allowed/],
    ['DROP VIEW events', /Only SELECT is allowed/],
    ['DELETE FROM recent_1', /Only SELECT is allowed|does not exist/],
    ['CREATE TABLE mine (i INTEGER)', /Only SELECT is allowed/],
    ['ROLLBACK', /Only SELECT is allowed/],
    ['SELECT 1; DROP VIEW events', /Only one statement/],
    ['SELECT 1; SELECT 2', /Only one statement/],
    ['', /Only one statement|Error/],
    ['SELECT \0', /NUL/],
    ['SELEC 1', /syntax error/],
    ['SELECT nothing FROM events', /"nothing" not found/],
  ];
  for (const [sql, message] of refused) {
    test(JSON.stringify(sql).slice(0, 60), async () => {
      await assert.rejects(history.query(sql), (error: Error) => {
        assert.equal(error.name, 'QueryError');
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test('nothing was written, and the next query is answered', async () => {
    assert.equal(existsSync(target), false);
    const names = readdirSync(join(folder, 'history'));
    assert.deepEqual(names.sort(), ['project=1', 'temporary']);
    assert.deepEqual(await rowsOf('SELECT count(*) FROM events'), [[3]]);
  });

  test('more rows than are allowed are cut off and it is said', async () => {
    const { rows, truncated } = await history.query('SELECT * FROM range(200000)');
    assert.deepEqual([rows.length, truncated], [100_000, true]);
    const large = await history.query("SELECT repeat('x', 1000000) FROM range(100)");
    assert.equal(large.truncated, true);
    assert.ok(large.rows.length < 40);
  });

  test('numbers are numbers as far as JavaScript has them', async () => {
    const sql =
      'SELECT 1::BIGINT, 9007199254740993::BIGINT, 1.25::DECIMAL(9,2), 7::HUGEINT, NULL::BIGINT, 0.1::DOUBLE';
    assert.deepEqual(await rowsOf(sql), [[1, '9007199254740993', 1.25, 7, null, 0.1]]);
  });
});
