/** The command line tool as a process of its own, against a running server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';

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

const run = (...args: string[]) => rapport([...args, '--data', server.dataFolder]);

/** What a command wrote with --json. */
async function json<Result>(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Result;
}

describe('projects and keys', () => {
  test('a project is created, its keys work, and the list shows it', async () => {
    const made = await run('projects', 'create', 'Shop', '--leanplum-app', 'app_shop');
    assert.equal(made.code, 0, made.stderr);
    const clientKey =
      /^production key \([0-9a-f]{16}\) +(prod_\S+)$/m.exec(made.stdout)?.[1] ?? assert.fail(made.stdout);
    const answer = await leanplum(server, {
      action: 'track',
      userId: 'ann',
      event: 'a',
      appId: 'app_shop',
      clientKey,
    });
    assert.equal(answer.status, 200, answer.text);
    const listed = await run('projects', 'list');
    assert.match(listed.stdout, /^NAME +LEANPLUM APP ID +BLOOMREACH TOKEN +KEYS +ID\n/);
    assert.match(listed.stdout, /^Shop +app_shop +[0-9a-f-]{36} +6 +2$/m);
  });

  test('a key is created, listed without its value, and revoked', async () => {
    const { key } = await json<{ key: { id: string; value: string } }>(
      'keys',
      'create',
      'Demo',
      'production',
    );
    const track = async () => {
      const params = { action: 'track', userId: 'bob', event: 'a', clientKey: key.value };
      return (await leanplum(server, params)).status;
    };
    assert.equal(await track(), 200);
    const listed = await run('keys', 'list', 'Demo');
    assert.match(listed.stdout, new RegExp(`^${key.id} +production +\\d{4}-\\d\\d-\\d\\d .*Z +- +-$`, 'm'));
    assert.ok(!listed.stdout.includes(key.value));
    const revoked = await run('keys', 'revoke', 'Demo', key.id);
    assert.equal(revoked.stdout, `Key ${key.id} is revoked.\n`);
    assert.equal(await track(), 403);
  });
});

describe('profile show', () => {
  test('shows attributes, counters and the history, most recent first', async () => {
    const user = { userId: 'cat', deviceId: 'tablet' };
    await leanplum(server, { action: 'start', ...user, userAttributes: { city: 'Brno' } });
    await leanplum(server, { action: 'track', ...user, event: 'bought', value: 3 });
    const { code, stdout, stderr } = await run('profile', 'show', 'tablet', '--project', 'Demo');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^user +cat$/m);
    assert.match(stdout, /^device +tablet$/m);
    assert.match(stdout, /^city +.*"Brno"$/m);
    assert.match(stdout, /^bought +1 +3 /m);
    const kinds = stdout
      .split('\n')
      .filter((line) => /^\d{4}-/.test(line))
      .map((line) => line.split(/ {2,}/)[1]);
    assert.equal(kinds[0], 'event');
    assert.equal(kinds.at(-1), 'created');
  });

  test('does not let what a user sent steer the terminal', async () => {
    const event = 'red \u001b[31m alert\nnext \u202e';
    const data = { customer_ids: { registered: 'evil' }, event_type: event };
    await bloomreach(server, '/track/v2/projects/{token}/customers/events', data);
    const { stdout } = await run('profile', 'show', 'evil', '--project', 'Demo');
    assert.match(stdout, /red \\u\{1b\}\[31m alert\\u\{a\}next/);
    assert.ok(!stdout.includes('\u001b') && !stdout.includes('\u202e'));
  });
});

describe('status', () => {
  test('as a text and as JSON', async () => {
    const { code, stdout } = await run('status');
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^server +Rapport \\S+ on Node \\S+, process ${server.pid}, up `));
    assert.match(stdout, /^leanplum +[\d.]+ +\d+ /m);
    assert.equal((await json<{ address: string }>('status')).address, server.url);
  });
});

describe('the data folder', () => {
  test('is --data, otherwise RAPPORT_DATA, otherwise ./data', async () => {
    const folder = { RAPPORT_DATA: server.dataFolder };
    assert.equal((await rapport(['projects', 'list'], { environment: folder })).code, 0);
    const cwd = join(server.dataFolder, '..');
    assert.equal((await rapport(['projects', 'list'], { cwd })).code, 0);
    const elsewhere = { environment: folder, cwd: scratch };
    assert.equal((await rapport(['--data', 'data', 'projects', 'list'], elsewhere)).code, 3);
  });
});

describe('what goes wrong is one line and an exit code', () => {
  const rows: [args: string[], code: number, line: RegExp][] = [
    [['keys', 'list', 'None'], 4, /There is no project 'None'/],
    [['keys', 'revoke', 'Demo', '00'], 4, /has no key '00'/],
    [['lookups', 'None'], 4, /There is no project 'None'/],
    [['lookups', '--days', '0'], 1, /days/],
    [['profile', 'show', 'nobody', '--project', 'Demo'], 4, /Nobody is known as 'nobody'/],
    [['projects', 'create', 'Demo'], 1, /There is a project 'Demo' already/],
    [['projects', 'create', 'New', '--bloomreach-token', 'x'], 1, /bloomreachToken/],
    [['sql', 'select nothing from nowhere'], 1, /nowhere/],
    [['profile', 'show', 'a', '--limit', '5000', '--project', 'Demo'], 1, /limit/],
  ];
  for (const [args, code, line] of rows) {
    test(`${args.join(' ')}: ${code}`, async () => {
      const result = await run(...args);
      assert.equal(result.code, code, result.stderr);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, /^rapport: [^\n]*\n$/);
      assert.match(result.stderr, line);
    });
  }

  const usage: string[][] = [
    ['zzzzzzzz'],
    ['keys', 'create', 'Demo'],
    ['status', '--colour'],
    ['keys', 'create', 'Demo', 'prodution'],
  ];
  for (const args of usage) {
    test(`${args.join(' ')}: 2`, async () => {
      const result = await run(...args);
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, /^rapport: [^\n]*\n\(try --help\)\n$/);
    });
  }

  test('no server runs there: 3', async () => {
    await using stopped = await startServer();
    await stopped.kill();
    const left = await rapport(['status', '--data', stopped.dataFolder]);
    assert.equal(left.code, 3, left.stderr);
    assert.match(left.stderr, /^rapport: No server runs on the data folder .*\n$/);
    const none = await rapport(['status', '--data', join(scratch, 'none')]);
    assert.equal(none.code, 3);
    assert.match(none.stderr, /^rapport: There is no data folder .*--data\)\n$/);
  });
});

describe('help', () => {
  const commands = [
    [],
    ['projects', 'create'],
    ['keys', 'revoke'],
    ['profile', 'show'],
    ['lookups'],
    ['sql'],
    ['backup'],
    ['restore'],
  ];
  for (const command of commands) {
    test(`rapport ${command.join(' ')} --help`, async () => {
      const { code, stdout } = await rapport([...command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: rapport/);
      assert.match(stdout, /--data <folder>/);
    });
  }
});

describe('a very long path', () => {
  test('is no obstacle', async () => {
    const dataFolder = join(newScratchFolder(), 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(dataFolder, { recursive: true });
    await using own = await startServer({ dataFolder });
    const { code, stderr } = await rapport(['status', '--data', own.dataFolder]);
    assert.equal(code, 0, stderr);
  });
});

describe('backup and restore', () => {
  test('a server started on what was restored knows the same, with the same keys', async () => {
    await leanplum(server, { action: 'track', userId: 'saved', event: 'a' });
    const backup = join(scratch, 'backup');
    const made = await run('backup', backup);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^The backup is complete: .*\/backup \(\d+ [KM]?B in /);
    assert.equal(made.stderr, '', 'progress is for people');
    assert.deepEqual(
      readdirSync(backup).filter((name) => name !== 'history'),
      ['manifest.json', 'rapport.sqlite'],
    );
    assert.equal(statSync(backup).mode & 0o777, 0o700);

    const dataFolder = join(scratch, 'restored');
    const restored = await rapport(['restore', backup, '--data', dataFolder, '--json']);
    assert.equal(restored.code, 0, restored.stderr);
    assert.equal((JSON.parse(restored.stdout) as { dataFolder: string }).dataFolder, dataFolder);
    await using next = await startServer({ dataFolder, environment: { RAPPORT_BOOTSTRAP: '' } });
    const answer = await leanplum(next, { action: 'exportUser', userId: 'saved' }, { key: 'dataExport' });
    assert.equal(answer.body.response[0]?.events?.['a']?.count, 1, answer.text);
    const { text } = await leanplum(next, { action: 'advance', userId: 'saved', state: 'a' });
    assert.match(text, /State name is used for an event/, 'the names in use are saved as well');
  });

  test('into a folder that is not empty: refused, and what is there stays', async () => {
    const folder = join(scratch, 'full');
    mkdirSync(join(folder, 'mine'), { recursive: true });
    const made = await run('backup', folder);
    assert.equal(made.code, 1);
    assert.match(made.stderr, /^rapport: The backup failed: .*full is not empty\n$/);
    assert.deepEqual(readdirSync(folder), ['mine']);
  });

  test('over a server that runs: refused, naming it', async () => {
    const backup = join(scratch, 'second');
    assert.equal((await run('backup', backup)).code, 0);
    const refused = await run('restore', backup);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      new RegExp(`^rapport: The data folder .* is in use by process ${server.pid}`),
    );
    assert.equal((await run('status')).code, 0, 'the server has not noticed');
  });
});

test('through the launcher, paths are meant from where it is called', () => {
  const launcher = fileURLToPath(new URL('../../tools/launch.js', import.meta.url));
  const options = { cwd: join(server.dataFolder, '..'), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [launcher, 'rapport', 'projects', 'list', '--data', './data', '--json'],
    options,
  );
  assert.equal(status, 0, stderr);
  const { projects } = JSON.parse(stdout) as { projects: { name: string }[] };
  assert.ok(projects.some(({ name }) => name === demoProject.name));
  const none = spawnSync(
    process.execPath,
    [launcher, 'rapport', 'keys', 'list', 'None', '--data', 'data'],
    options,
  );
  assert.equal(none.status, 4, none.stderr);
});
