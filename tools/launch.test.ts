/**
 * Runs launch.js in copies of the project that hold a stub server: the signals and exit codes are those of real
 * processes, also with npm and its shell in between.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cleanups: (() => void)[] = [];
after(() => {
  for (const cleanup of cleanups) cleanup();
});

/** Stops as src/main.ts has to: gracefully, and deaf to further signals while it does. */
const gracefulServer = `
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) return;
      setTimeout(() => { console.log('stopped after ' + signal); process.exit(0); }, 300);
    });
  }
  setInterval(() => {}, 1000);
  console.log('ready ' + process.pid);
`;

describe('exit code', () => {
  it('is the one of the server', async () => {
    const run = launch(project({ 'src/main.ts': 'process.exit(7);' }), ['start']);
    assert.equal(await run.exitCode, 7);
  });

  it('is 128 + signal when the server was killed', async () => {
    const run = launch(project({ 'src/main.ts': "process.kill(process.pid, 'SIGKILL');" }), ['start']);
    assert.equal(await run.exitCode, 128 + constants.signals.SIGKILL);
  });

  it('is the one of the tests, and the summary stands in the output', async () => {
    const folder = project({
      'test/good.test.ts': "import { test } from 'node:test'; test('good', () => {});",
      'test/bad.test.ts': "import { test } from 'node:test'; test('bad', () => { throw new Error('no'); });",
    });
    const good = launch(folder, ['test', 'test/good.test.ts']);
    assert.equal(await good.exitCode, 0, good.output());
    assert.match(good.output(), /ℹ tests 1\nℹ suites 0\nℹ pass 1\nℹ fail 0/);
    const both = launch(folder, ['test', 'test/good.test.ts', 'test/bad.test.ts']);
    assert.equal(await both.exitCode, 1, both.output());
    assert.match(both.output(), /ℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1/);
  });
});

describe('signals', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`passes on ${signal} and waits for the graceful stop`, async () => {
      const run = launch(project({ 'src/main.ts': gracefulServer }), ['start']);
      await run.says('ready');
      run.child.kill(signal);
      assert.equal(await run.exitCode, 0, run.output());
      assert.match(run.output(), new RegExp(`stopped after ${signal}`));
    });
  }

  it('exits 0 through npm start when npm gets SIGTERM', async () => {
    const run = npm(project({ 'src/main.ts': gracefulServer }), ['start']);
    await run.says('ready');
    run.child.kill('SIGTERM');
    assert.equal(await run.exitCode, 0, run.output());
    assert.match(run.output(), /stopped after SIGTERM/);
    assert.throws(() => process.kill(serverPid(run), 0), 'the server is gone');
  });

  it('exits 0 through npm start when a terminal sends SIGINT to the whole process group', async () => {
    const run = npm(project({ 'src/main.ts': gracefulServer }), ['start'], { detached: true });
    await run.says('ready');
    assert.ok(run.child.pid !== undefined);
    process.kill(-run.child.pid, 'SIGINT');
    assert.equal(await run.exitCode, 0, run.output());
    assert.match(run.output(), /stopped after SIGINT/);
  });

  it('does not go on to the next step after a signal', async () => {
    const folder = project({ 'tools/setup-test.ts': gracefulServer });
    const run = launch(folder, ['test']);
    await run.says('ready');
    run.child.kill('SIGTERM');
    assert.equal(await run.exitCode, 128 + constants.signals.SIGTERM, run.output());
  });
});

describe('arguments', () => {
  it('reach the bench, also through npm', async () => {
    const stub = "console.log('arguments: ' + JSON.stringify(process.argv.slice(2)));";
    const run = npm(project({ 'bench/main.ts': stub }), ['run', 'bench', '--', '--profiles', '1000', 'a b']);
    assert.equal(await run.exitCode, 0, run.output());
    assert.match(run.output(), /arguments: \["--profiles","1000","a b"\]/);
  });
});

describe('install', () => {
  const finishedNpm = `
    import { cpSync } from 'node:fs';
    cpSync('package-lock.json', 'node_modules/.package-lock.json');
    console.log('noise');
  `;

  it('happens when the lock file has changed, once, and keeps quiet', async () => {
    const folder = project({ 'src/main.ts': "console.log('served');", 'npm-cli.js': finishedNpm });
    writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{"packages":{}}');
    const env = { npm_execpath: join(folder, 'npm-cli.js') };
    const first = launch(folder, ['start'], env);
    assert.equal(await first.exitCode, 0, first.output());
    assert.equal(first.output(), 'rapport: installing packages (npm ci) ...\nserved\n');
    const second = launch(folder, ['start'], env);
    assert.equal(await second.exitCode, 0, second.output());
    assert.equal(second.output(), 'served\n');
  });

  it('says when there is no network', async () => {
    const failing = "console.error('npm error code ENOTFOUND'); process.exit(1);";
    const folder = project({ 'npm-cli.js': failing }, { installed: false });
    const run = launch(folder, ['start'], { npm_execpath: join(folder, 'npm-cli.js') });
    assert.equal(await run.exitCode, 1);
    assert.match(run.output(), /npm error code ENOTFOUND\nrapport: .*registry cannot be reached.*\n$/);
  });

  it('says when npm is missing', async () => {
    const run = launch(project({}, { installed: false }), ['start'], { PATH: '/nowhere' });
    assert.equal(await run.exitCode, 1);
    assert.match(run.output(), /npm was not found/);
  });
});

describe('Node', () => {
  it('must be pinned for this platform', async () => {
    const folder = project({
      'package.json': '{"type":"module","optionalDependencies":{"node-plan-9":"1.0.0"}}',
    });
    const run = launch(folder, ['start']);
    assert.equal(await run.exitCode, 1);
    assert.equal(
      run.output(),
      `rapport: no Node is pinned for ${process.platform}/${process.arch}: package.json names one for plan/9.\n`,
    );
  });

  it('must be the pinned version', async () => {
    const folder = project({ 'node_modules/.bin/other': '#!/bin/sh\necho v20.0.0\n' });
    chmodSync(join(folder, 'node_modules/.bin/other'), 0o755);
    rmSync(join(folder, 'node_modules/.bin/node'));
    symlinkSync('other', join(folder, 'node_modules/.bin/node'));
    const run = launch(folder, ['start']);
    assert.equal(await run.exitCode, 1);
    assert.match(run.output(), /^rapport: node_modules holds Node v20\.0\.0 instead of v.*\n$/);
  });

  it('must be there', async () => {
    const folder = project({});
    rmSync(join(folder, 'node_modules/.bin/node'));
    const run = launch(folder, ['start']);
    assert.equal(await run.exitCode, 1);
    assert.match(run.output(), /^rapport: the pinned Node for .* is not in node_modules: .*\n$/);
  });

  it('of the system must not be too old', async () => {
    const pretend = "Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } })";
    const run = launch(project({}), ['start'], {
      NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(pretend)}"`,
    });
    assert.equal(await run.exitCode, 1);
    assert.equal(
      run.output(),
      'rapport: Node 18.20.0 is too old to start from: please install Node 20 or newer.\n',
    );
  });
});

describe('the program rapport', () => {
  const tool = 'console.log(JSON.stringify([process.argv.slice(2), process.cwd()])); process.exit(3);';

  it('gets all arguments, in the folder of the caller, and its exit code counts', async () => {
    const folder = project({ 'src/cli/main.ts': tool, 'bin/none': '' });
    symlinkSync(join(folder, 'tools/launch.js'), join(folder, 'bin/rapport'));
    const cwd = join(folder, 'bin');
    const run = start(process.execPath, [join(cwd, 'rapport'), 'keys', '--json'], { cwd });
    assert.equal(await run.exitCode, 3, run.output());
    assert.deepEqual(JSON.parse(run.output()), [['keys', '--json'], cwd]);
    const same = launch(folder, ['rapport', 'keys']);
    assert.equal(await same.exitCode, 3, same.output());
    assert.deepEqual((JSON.parse(same.output()) as unknown[])[0], ['keys']);
  });
});

// --- A copy of the project, and a process that runs in it -----------------------------------------------------------

/** Its node_modules is a real folder with the running Node in it: a stray `npm ci` harms only the copy. */
function project(files: Record<string, string>, { installed = true } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-launch-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of ['package.json', 'package-lock.json', 'tools/launch.js'])
    cpSync(join(root, file), join(folder, file));
  if (installed) {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    cpSync(join(root, 'node_modules/.package-lock.json'), join(folder, 'node_modules/.package-lock.json'));
    symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

interface Run {
  child: ChildProcess;
  exitCode: Promise<number | null>;
  output(): string;
  says(text: string): Promise<void>;
}

function launch(folder: string, args: string[], env: Record<string, string> = {}): Run {
  return start(process.execPath, [join(folder, 'tools/launch.js'), ...args], {
    cwd: folder,
    env: { ...cleanEnv(), ...env },
  });
}

function npm(folder: string, args: string[], options: SpawnOptions = {}): Run {
  const env = { ...cleanEnv(), npm_config_update_notifier: 'false' };
  return start('npm', args, { cwd: folder, env, ...options });
}

/** Without what the npm and the test runner that run this test have left there: both would change the inner ones. */
function cleanEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith('npm_') && !name.startsWith('NODE_')),
  );
}

function start(file: string, args: string[], options: SpawnOptions): Run {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => output.includes(text) && resolve();
      child.stdout?.on('data', check);
      child.on('close', () => reject(new Error(`it never said "${text}": ${output}`)));
      check();
    });
  return { child, exitCode, output: () => output, says };
}

function serverPid(run: Run): number {
  return Number(/ready (\d+)/.exec(run.output())?.[1]);
}
