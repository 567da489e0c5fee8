import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** One call of the admin API over its socket; `path` is below /admin/v1. */
export async function admin<Body = Record<string, unknown>>(
  dataFolder: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Body; text: string }> {
  const response = await new Promise<{ status: number; text: string }>((done, fail) => {
    const call = request({
      socketPath: join(dataFolder, 'admin.sock'),
      method,
      path: `/admin/v1${path}`,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      agent: false,
    });
    call.on('response', (answer) => {
      text(answer).then((content) => done({ status: answer.statusCode ?? 0, text: content }), fail);
    });
    call.on('error', fail);
    call.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  });
  return { ...response, body: JSON.parse(response.text) as Body };
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line tool as an operator would, without its launcher. */
export function rapport(
  args: readonly string[],
  options: { environment?: Record<string, string>; cwd?: string; signal?: AbortSignal } = {},
): Promise<CliResult> {
  const { RAPPORT_DATA: _mine, ...environment } = process.env;
  const child: ChildProcess = spawn(pinnedNode, [cliFile, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, NODE_COMPILE_CACHE: compileCache, ...options.environment },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.signal !== undefined && { signal: options.signal, killSignal: 'SIGKILL' }),
  });
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      result[name] += piece;
    });
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ ...result, code }));
  });
}

const pinnedNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const cliFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/rapport-test', import.meta.url));
