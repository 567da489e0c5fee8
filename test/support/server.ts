import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './demo-project.ts';

/** Starts the real server as a process of its own, as an operator would, and hands out a handle to it. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const scratch = newScratchFolder();
  const dataFolder = options.dataFolder ?? join(scratch, 'data');
  mkdirSync(dataFolder, { recursive: true });
  const bootstrapFile = join(scratch, 'bootstrap.json');
  writeFileSync(bootstrapFile, JSON.stringify(options.bootstrap ?? bootstrap));
  const command = [...(options.wrapper ?? []), pinnedNode, ...(options.nodeArguments ?? []), mainFile];
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: scratch,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' }),
    env: {
      ...inheritedEnvironment(),
      NODE_COMPILE_CACHE: compileCache,
      RAPPORT_HOST: '127.0.0.1',
      RAPPORT_PORT: '0',
      RAPPORT_DATA: dataFolder,
      RAPPORT_BOOTSTRAP: bootstrapFile,
      ...options.environment,
    },
  });
  running.add(child);
  const server = watch(child, dataFolder, scratch);
  try {
    server.url = await announcement(child, server, options.readyWithinMs ?? 30_000);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

export interface ServerOptions {
  /** Where the data lies. Left out: a fresh folder, removed when the handle is disposed of. */
  dataFolder?: string;
  environment?: Record<string, string>;
  /** Projects and keys; left out: the demo project. */
  bootstrap?: unknown;
  /**
   * A command put before the server's, such as `['strace', '-D', '-f', '-o', file]`. It must leave the server as our
   * own child (strace does with `-D`), so that `pid`, `stop` and `kill` mean the server and not the wrapper.
   */
  wrapper?: readonly string[];
  /** Arguments of Node itself, such as `--cpu-prof`. */
  nodeArguments?: readonly string[];
  readyWithinMs?: number;
  /** Kills the server when aborted. A test gives its own, so that running out of time ends all that waits for it. */
  signal?: AbortSignal;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A server process. `await using server = await startServer()` kills what still runs at the end of the block and
 * removes the temporary folder; for a restart give the next server the `dataFolder` of this one.
 */
export interface Server extends AsyncDisposable {
  url: string;
  readonly pid: number;
  readonly dataFolder: string;
  readonly exited: Promise<Exit>;
  /** Everything the process has written so far. */
  stdout(): string;
  stderr(): string;
  /** Asks the process to end (SIGTERM) and waits: what is in flight is finished first. */
  stop(): Promise<Exit>;
  /** Ends the process at once (SIGKILL), as a crash would, and waits until it is gone. */
  kill(): Promise<Exit>;
}

/** The process ended, or fell silent, before it was ready to serve. */
export class ServerDidNotStart extends Error {
  readonly exit: Exit | undefined;
  readonly output: string;

  constructor(reason: string, server: Server, exit?: Exit) {
    const output = `${server.stdout()}${server.stderr()}`;
    super(`The server did not start: ${reason}\n${output}`);
    this.exit = exit;
    this.output = output;
  }
}

function watch(child: ChildProcess, dataFolder: string, scratch: string): Server {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  exited.catch(() => undefined); // Whoever waits for it is told; nobody has to.
  const end = (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  return {
    url: '',
    pid: child.pid ?? 0,
    dataFolder,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL').catch(() => undefined);
      removeScratchFolder(scratch);
    },
  };
}

/** The address that the process announces once it serves. */
function announcement(child: ChildProcess, server: Server, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, exit?: Exit) => {
      clearTimeout(timer);
      reject(new ServerDidNotStart(reason, server, exit));
    };
    const timer = setTimeout(() => fail(`not ready within ${withinMs} ms`), withinMs);
    child.stdout?.on('data', () => {
      const url = /Rapport is ready at (http:\/\/\S+)\s/.exec(server.stdout())?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url.replace(/\/$/, ''));
    });
    server.exited.then(
      (exit) => fail(`it ended with ${JSON.stringify(exit)}`, exit),
      (error: unknown) => fail(String(error)),
    );
  });
}

/** Without what the test runner says to its own children, and without settings of whoever runs the tests. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env);
  return Object.fromEntries(mine.filter(([name]) => !/^(RAPPORT_|NODE_TEST_CONTEXT$)/.test(name)));
}

export function newScratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-test-'));
  scratchFolders.add(folder);
  return folder;
}

/** Leaves it to whoever looks into a failure. */
export function keepScratchFolder(folder: string): void {
  scratchFolders.delete(folder);
}

export function removeScratchFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  scratchFolders.delete(folder);
}

const pinnedNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Tests start hundreds of servers; compiled code halves the time each one takes. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/rapport-test', import.meta.url));
const running = new Set<ChildProcess>();
const scratchFolders = new Set<string>();

// A test that fails or is interrupted leaves neither a process nor a folder behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of scratchFolders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
