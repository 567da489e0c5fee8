import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from './workloads/parts.ts';

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  readonly startMs: number;
  stop(): Promise<void>;
}

export const repository = join(import.meta.dirname, '..');
const readyLine = /ready at http:\/\/[^\s:]+:(\d+)/;
const readyWithinMs = 30_000;
const stoppedWithinMs = 30_000;

/** The real server, in its own process as an operator would run it, on an empty or a used data folder. */
export function startRapport(options: {
  dataFolder: string;
  /** Where a profile of each of its threads is written when it stops. */
  profileFolder?: string | undefined;
  settings?: Record<string, string>;
}): Promise<RunningServer> {
  const bootstrapFile = join(options.dataFolder, 'bench-bootstrap.json');
  writeFileSync(bootstrapFile, JSON.stringify(bootstrap()));
  const { profileFolder } = options;
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  return start([...profile, join(repository, 'src/main.ts')], {
    RAPPORT_HOST: '127.0.0.1',
    RAPPORT_PORT: '0',
    RAPPORT_DATA: options.dataFolder,
    RAPPORT_BOOTSTRAP: bootstrapFile,
    ...options.settings,
  });
}

/** Answers at once, or after a sync of `file`, which it makes. */
export function startNullServer(file?: string): Promise<RunningServer> {
  return start([join(import.meta.dirname, 'null-server.ts'), ...(file === undefined ? [] : [file])], {});
}

async function start(nodeArguments: string[], settings: Record<string, string>): Promise<RunningServer> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, nodeArguments, {
    cwd: repository,
    env: { ...environmentWithoutSettings(), ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stopWithUs = () => child.kill('SIGKILL');
  // First of the listeners: another one removes the data that it would go on writing.
  process.prependOnceListener('exit', stopWithUs);
  const port = await readPort(child);
  const startMs = performance.now() - startedAt;
  // Whatever it logs from here on is read and dropped: a full pipe would stop it.
  child.stdout?.resume();
  const stop = async () => {
    process.off('exit', stopWithUs);
    await stopGracefully(child);
  };
  return { port, pid: child.pid ?? 0, startMs, stop };
}

/** Settings of the server that the caller may have set for another one. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RAPPORT_')));
}

async function readPort(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let output = '';
  const read = (chunk: Buffer) => {
    output += chunk.toString('utf8');
    const port = readyLine.exec(output)?.[1];
    if (port !== undefined) resolve(Number(port));
  };
  const exited = (code: number | null) => reject(new Error(`The server exited with ${code}:\n${output}`));
  const timer = setTimeout(() => {
    reject(new Error(`The server was not ready after ${readyWithinMs} ms:\n${output}`));
  }, readyWithinMs);
  child.stdout?.on('data', read);
  child.once('exit', exited);
  child.once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.stdout?.off('data', read);
    child.off('exit', exited);
  }
}

async function stopGracefully(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const timer = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
    child.kill('SIGTERM');
    await once(child, 'exit');
    clearTimeout(timer);
  }
  if (child.exitCode !== 0) {
    throw new Error(`The server did not stop in order: exit ${child.exitCode}, signal ${child.signalCode}`);
  }
}

function bootstrap(): object {
  const { appId, production, development, dataExport, contentReadOnly } = credentials;
  const { projectToken, publicToken, privateKeyId, privateSecret } = credentials;
  const bloomreach = {
    projectToken,
    publicTokens: [publicToken],
    privateKeys: [{ id: privateKeyId, secret: privateSecret }],
  };
  const leanplum = { appId, keys: { production, development, dataExport, contentReadOnly } };
  return { projects: [{ name: 'Bench', leanplum, bloomreach }] };
}
