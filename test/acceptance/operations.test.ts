/** What an operator meets: settings and their errors, the first start, health, metrics, and declared projects. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { leanplum } from '../support/requests.ts';
import {
  newScratchFolder,
  removeScratchFolder,
  type Server,
  ServerDidNotStart,
  type ServerOptions,
  startServer,
} from '../support/server.ts';
import { countsOf, exportUser, form, nowSec, send } from './wire.ts';

let server: Server;
let scratch: string;
before(async () => {
  scratch = newScratchFolder();
  server = await startServer();
});
after(async () => {
  await server[Symbol.asyncDispose]();
  removeScratchFolder(scratch);
});

type Json = Record<string, unknown>;

const demoKeys = { appId: demoProject.leanplum.appId, clientKey: demoProject.leanplum.keys.production };

function fileWith(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** How a start failed that has to fail. */
async function failedStart(options: ServerOptions): Promise<ServerDidNotStart> {
  const refusal = await startServer(options).then(
    async (started) => {
      await started[Symbol.asyncDispose]();
      return assert.fail(`it started: ${JSON.stringify(options)}`);
    },
    (error: unknown) => error,
  );
  assert.ok(refusal instanceof ServerDidNotStart, String(refusal));
  return refusal;
}

describe('health', () => {
  for (const path of ['/health/live', '/health/ready']) {
    test(path, async () => {
      const answer = await send(server, path);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, { status: 'ok' });
    });
  }
});

describe('metrics', () => {
  const read = async () => {
    const answer = await fetch(`${server.url}/metrics`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    return answer.text();
  };
  const sampleOf = (metrics: string, name: string): number => {
    const value = new RegExp(`^${RegExp.escape(name)} (\\S+)$`, 'm').exec(metrics)?.[1];
    assert.ok(value !== undefined, `${name} is missing`);
    return Number(value);
  };

  test('are text that Prometheus reads: every line a comment or a sample', async () => {
    const lines = (await read()).split('\n').filter((line) => line !== '');
    const label = '[a-zA-Z_]\\w*="(?:[^"\\\\\\n]|\\\\.)*"';
    const sample = new RegExp(
      `^[a-zA-Z_:][\\w:]*(\\{(${label},?)*\\})? (-?[\\d.]+(e[+-]?\\d+)?|NaN|[+-]Inf)( \\d+)?$`,
    );
    for (const line of lines) assert.match(line, /^# (HELP|TYPE) /.test(line) ? /./ : sample);
    assert.ok(lines.some((line) => line.startsWith('process_cpu_seconds_total ')));
  });

  test('count requests, items and lines', async () => {
    const earlier = await read();
    const track = { action: 'track', userId: 'counted', event: 'a' };
    await leanplum(server, { action: 'multi', time: nowSec(), data: [track, track, { action: 'none' }] });
    const later = await read();
    const grown = (name: string) => sampleOf(later, name) - sampleOf(earlier, name);
    assert.equal(grown('rapport_batches_total'), 1);
    assert.equal(grown('rapport_items_total'), 2);
    assert.ok(grown('rapport_events_total') >= 2, 'the user and his id are lines as well');
    assert.equal(grown('rapport_groups_total'), 1);
    assert.equal(grown('rapport_refused_total'), 0);
    assert.equal(grown('rapport_requests_total{caller="leanplum",status="ok"}'), 1);
    assert.equal(grown('rapport_requests_total{caller="leanplum",status="5xx"}'), 0);
    assert.ok(sampleOf(later, 'rapport_request_ms{caller="leanplum",quantile="0.99"}') > 0);
    assert.equal(sampleOf(later, 'rapport_queued'), 0);
    assert.equal(sampleOf(later, 'rapport_in_flight'), 0);
  });
});

test('a packed request does not wait for reports: there are more threads than they can hold', async (t) => {
  if (process.platform !== 'linux') return t.skip('threads are listed in /proc');
  await using fresh = await startServer();
  const body = gzipSync(JSON.stringify({ ...demoKeys, action: 'track', userId: 'packed', event: 'a' }));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const answer = await fetch(`${fresh.url}/api`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.text());
  const tasks = `/proc/${fresh.pid}/task`;
  const names = readdirSync(tasks).map((id) => readFileSync(join(tasks, id, 'comm'), 'utf8'));
  const pool = names.filter((name) => name.startsWith('libuv-worker')).length;
  // Taking in, sealing, merging, one statement of SQL, and two reads of profiles, each of which may take long.
  assert.ok(pool > 6, `${pool} threads`);
});

describe('users looked up', () => {
  const counted = async (at: Server) => {
    const metrics = await (await fetch(`${at.url}/metrics`)).text();
    const day = new Date().toISOString().slice(0, 10);
    const value = new RegExp(`^rapport_user_lookups_total\\{project="1",day="${day}"\\} (\\d+)$`, 'm');
    return Number(value.exec(metrics)?.[1] ?? 0);
  };

  test('count once a request, not for SDKs, and survive a restart', async () => {
    const dataFolder = join(scratch, 'looked up');
    const first = await startServer({ dataFolder });
    const track = (userId: string) => ({ action: 'track', userId, event: 'a' });
    const multi = { action: 'multi', time: nowSec(), data: ['a', 'b', 'a', 'b'].map(track) };
    const rows: [call: Json, users: number][] = [
      [track('a'), 1],
      [track('a'), 1],
      [multi, 2],
      [{ ...multi, sdkVersion: '7.8.0' }, 0],
      [{ ...track('a'), sdkVersion: '7.8.0' }, 0],
      [{ action: 'track', userId: 'a' }, 0],
      [
        { ...multi, data: [track('a'), { action: 'none', userId: 'b' }, { action: 'track', userId: 'c' }] },
        1,
      ],
    ];
    let sum = 0;
    for (const [call, users] of rows) {
      await leanplum(first, call);
      sum += users;
      assert.equal(await counted(first), sum, JSON.stringify(call));
    }
    await leanplum(first, { action: 'exportUser', userId: 'nobody' }, { key: 'dataExport' });
    assert.equal(await counted(first), sum + 1);
    await first.stop();
    await using second = await startServer({ dataFolder });
    assert.equal(await counted(second), sum + 1);
    await leanplum(second, track('a'));
    assert.equal(await counted(second), sum + 2);
  });

  test('of all days are shown by the command line, newest first, of one project or of all', async () => {
    const dataFolder = join(scratch, 'looked up before');
    await (await startServer({ dataFolder })).stop();
    const dayMs = 24 * 60 * 60 * 1000;
    const dayBefore = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);
    const database = new DatabaseSync(join(dataFolder, 'rapport.sqlite'));
    const insert = database.prepare('INSERT INTO lookups (project_id, day, users) VALUES (1, ?, ?)');
    for (const [days, users] of [
      [5, 7],
      [40, 11],
    ] as const) {
      insert.run(dayBefore(days), users);
    }
    database.close();
    await using at = await startServer({ dataFolder });
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await rapport(['lookups', ...args, '--data', dataFolder]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.equal((await rapport(['projects', 'create', 'Shop', '--data', dataFolder])).code, 0);
    await leanplum(at, { action: 'track', userId: 'a', event: 'a' });
    const rows = async (...args: string[]) => {
      const { lookups } = JSON.parse(await run(...args, '--json')) as {
        lookups: { project: string; day: string; users: number }[];
      };
      return lookups.map(({ project, day, users }) => [project, day, users]);
    };
    const [today, recent, old] = [
      ['Demo', dayBefore(0), 1],
      ['Demo', dayBefore(5), 7],
      ['Demo', dayBefore(40), 11],
    ];
    assert.deepEqual(await rows(), [today, recent]);
    assert.deepEqual(await rows('Demo', '--days', '41'), [today, recent, old]);
    assert.deepEqual(await rows('Demo', '--days', '5'), [today]);
    assert.deepEqual(await rows('Shop'), []);
    const text = await run();
    assert.match(
      text,
      new RegExp(`^DAY +USERS +PROJECT\\n${dayBefore(0)} +1 +Demo\\n${dayBefore(5)} +7 +Demo\\n`),
    );
    assert.match(text, new RegExp(`\\n\\(8 from ${dayBefore(29)} to ${dayBefore(0)}\\)\\n$`));
  });
});

describe('a wrong setting is named, in one line', () => {
  const good = JSON.stringify({ projects: [demoProject] });
  const projects = (change: Json) => JSON.stringify({ projects: [{ ...demoProject, ...change }] });
  const rows: [name: string, setting: string, value: () => string][] = [
    ['a port that is no number', 'RAPPORT_PORT', () => 'abc'],
    ['a port out of range', 'RAPPORT_PORT', () => '65536'],
    ['a port in use', 'RAPPORT_PORT', () => new URL(server.url).port],
    ['a host that is not ours', 'RAPPORT_HOST', () => '203.0.113.1'],
    ['a switch that is neither on nor off', 'RAPPORT_ACCESS_LOG', () => 'yes'],
    ['a mode that is neither refused nor allowed', 'RAPPORT_PRODUCTION_KEY_DEV_MODE', () => 'on'],
    ['a data folder that is a file', 'RAPPORT_DATA', () => fileWith('a-file', '')],
    ['a bootstrap that is not there', 'RAPPORT_BOOTSTRAP', () => join(scratch, 'none.json')],
    ['no JSON', 'RAPPORT_BOOTSTRAP', () => fileWith('no.json', good.slice(0, -1))],
    ['no projects', 'RAPPORT_BOOTSTRAP', () => fileWith('object.json', '{}')],
    [
      'a key of a class that there is not',
      'RAPPORT_BOOTSTRAP',
      () => fileWith('class.json', projects({ leanplum: { appId: 'a', keys: { prodution: 'x' } } })),
    ],
  ];
  for (const [name, setting, value] of rows) {
    test(`${setting}: ${name}`, async () => {
      const { exit, output } = await failedStart({ environment: { [setting]: value() } });
      assert.equal(exit?.code, 1, output);
      const lines = output.trimEnd().split('\n');
      assert.equal(lines.length, 1, output);
      assert.match(lines[0] ?? '', new RegExp(`^Rapport cannot start: .*${setting}\\b`));
    });
  }
});

describe('declared projects', () => {
  const { appId, keys } = demoProject.leanplum;
  const app = (name: string, change: Json = {}) => ({ name, leanplum: { appId, keys, ...change } });

  test('are applied at each start and change nothing that is so', async () => {
    await using one = await startServer();
    const track = { action: 'track', userId: 'kept', event: 'a' };
    await leanplum(one, track);
    await one.stop();

    const { production: _production, ...fewer } = keys;
    const added = { name: 'Added', leanplum: { appId: 'app_added', keys: { production: 'prod_added' } } };
    const bootstrap = {
      projects: [added, app('Demo', { keys: { ...fewer, development: 'dev_second' } })],
    };
    await using changed = await startServer({ dataFolder: one.dataFolder, bootstrap });
    // The key that is no longer declared, the old one of the changed class, the new one, and the new project.
    const calls: [appId: string, clientKey: string][] = [
      [appId, keys.production],
      [appId, keys.development],
      [appId, 'dev_second'],
      ['app_added', 'prod_added'],
    ];
    for (const [id, clientKey] of calls) {
      const answer = await leanplum(changed, { ...track, appId: id, clientKey });
      assert.equal(answer.status, 200, `${clientKey}: ${answer.text}`);
    }
    assert.deepEqual(await countsOf(changed, 'kept'), { a: 4 });
    await changed.stop();

    const conflicts = [[app('Demo', { appId: 'app_renamed' })], [app('A second project')]];
    for (const projects of conflicts) {
      const { exit, output } = await failedStart({ dataFolder: one.dataFolder, bootstrap: { projects } });
      assert.equal(exit?.code, 1);
      assert.match(output, /^Rapport cannot start: .*\b(app|App|token)\b.*\n$/);
    }
    await using last = await startServer({ dataFolder: one.dataFolder });
    assert.deepEqual(await countsOf(last, 'kept'), { a: 4 }, 'a refused start changes nothing');
  });
});

describe('the first start without declared projects', () => {
  let first: Server;
  /** What the first start printed, by what stands before it. */
  const printed = (name: string): string => {
    return new RegExp(`^ .*${name} +(\\S+)$`, 'm').exec(first.stdout())?.[1] ?? assert.fail(first.stdout());
  };
  before(async () => {
    first = await startServer({ environment: { RAPPORT_BOOTSTRAP: '' } });
  });
  after(() => first[Symbol.asyncDispose]());

  test('prints the keys of a project, in the form of the vendors', () => {
    assert.match(printed('app id'), /^app_[\w-]{43}$/);
    assert.match(printed('production'), /^prod_[\w-]{43}$/);
    assert.match(printed('development'), /^dev_[\w-]{43}$/);
    assert.match(printed('data export'), /^exp_[\w-]{43}$/);
    assert.match(printed('content read'), /^cro_[\w-]{43}$/);
    assert.match(printed('project token'), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(printed('public token'), /^[\w-]{32,}$/);
    assert.match(printed('private key id'), /^[\w-]{32,}$/);
    assert.match(printed('private secret'), /^[\w-]{32,}$/);
    assert.match(first.stdout(), /^Rapport is ready at http:\/\/127\.0\.0\.1:\d+$/m);
  });

  const curl = spawnSync('curl', ['--version']).error === undefined;
  test('prints a curl line per dialect that works when pasted', {
    skip: !curl && 'curl is missing',
  }, async () => {
    const lines = first
      .stdout()
      .split('\n')
      .filter((line) => line.trim().startsWith('curl '));
    assert.equal(lines.length, 2);
    const answers = lines.map((line) => spawnSync('sh', ['-c', line], { encoding: 'utf8' }));
    for (const { status, stderr } of answers) assert.equal(status, 0, stderr);
    const [leanplumAnswer, bloomreachAnswer] = answers.map(({ stdout }) => JSON.parse(stdout) as Json);
    assert.deepEqual(leanplumAnswer, { response: [{ success: true, isOffline: true }] });
    assert.equal(bloomreachAnswer?.['success'], true);
    assert.deepEqual(bloomreachAnswer?.['results'], [{ success: true }]);
    const query = { appId: printed('app id'), clientKey: printed('data export'), action: 'exportUser' };
    const read = await send(first, `/api?${form({ ...query, userId: 'user1' })}`);
    assert.match(read.text, /"events":\{"Level Complete":\{"count":1,.*\},"page_visit":\{"count":1,/);
  });

  test('the second start prints no keys; the first ones still work', async () => {
    const [appId, clientKey] = [printed('app id'), printed('production')];
    const secrets = [
      'production',
      'development',
      'data export',
      'content read',
      'public token',
      'private secret',
    ].map(printed);
    await first.stop();
    await using second = await startServer({
      dataFolder: first.dataFolder,
      environment: { RAPPORT_BOOTSTRAP: '' },
    });
    assert.match(second.stdout(), /^Rapport is ready at http:\/\/127\.0\.0\.1:\d+\n$/);
    const answer = await leanplum(second, { appId, clientKey, action: 'track', userId: 'later', event: 'a' });
    assert.equal(answer.status, 200, answer.text);
    const entries = readdirSync(first.dataFolder, { recursive: true, withFileTypes: true });
    for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(parentPath, name));
      for (const secret of secrets) assert.ok(!bytes.includes(secret), `${name} holds a key`);
    }
  });

  test('with declared projects there is no other project and nothing to print', async () => {
    assert.doesNotMatch(server.stdout(), /First start|curl/);
    assert.equal((await exportUser(server, { userId: 'nobody' })).success, true);
  });
});
