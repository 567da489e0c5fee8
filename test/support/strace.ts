import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** The command before the server's: everything it reads, writes and syncs goes to the file, in order. */
export function traceWrapper(file: string): string[] {
  return ['strace', '-D', '-f', ...traceOptions(file)];
}

/** Attaches to all threads of a running process; `inject` makes its calls fail or wait from now on. */
export async function attachStrace(pid: number, file: string, options: AttachOptions = {}): Promise<Tracer> {
  const inject = options.inject === undefined ? [] : ['-e', `inject=${options.inject}`];
  const only = options.onlyFile === undefined ? [] : ['-P', options.onlyFile];
  const tracer = spawn('strace', ['-f', ...traceOptions(file), ...inject, ...only, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => tracer.kill('SIGKILL');
  process.once('exit', kill);
  await attached(tracer);
  return {
    trace: () => readFileSync(file, 'utf8'),
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      if (tracer.exitCode !== null || tracer.signalCode !== null) return;
      const exited = once(tracer, 'exit');
      tracer.kill('SIGINT');
      // It overlooks the request when it waits for a process that was killed.
      const impatience = setTimeout(kill, 1_000);
      await exited;
      clearTimeout(impatience);
    },
  };
}

export interface AttachOptions {
  /** Such as `fsync:error=EIO:when=3+`. */
  inject?: string;
  /** Leaves calls alone that concern other files. */
  onlyFile?: string;
}

/** Attached until disposed of. */
export interface Tracer extends AsyncDisposable {
  /** What was recorded so far; complete when disposed of. */
  trace(): string;
}

/** Why system calls cannot be traced here, as the reason to skip a test; nothing when they can. */
export async function straceRefusal(): Promise<string | undefined> {
  const started = spawnSync('strace', ['-D', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (started.error !== undefined) return `strace cannot be run: ${started.error.message}`;
  if (started.status !== 0) return `strace may not trace: ${started.stderr}`;
  const target = spawn('sleep', ['60']);
  try {
    await once(target, 'spawn');
    const tracer = await attachStrace(target.pid ?? 0, '/dev/null');
    await tracer[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    return `strace may not attach: ${String(error)}`;
  } finally {
    target.kill('SIGKILL');
  }
}

function traceOptions(file: string): string[] {
  const calls =
    'read,pread64,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync';
  return ['-y', '-s', '20000', '-e', `trace=${calls}`, '-o', file];
}

function attached(tracer: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let messages = '';
    tracer.stderr?.setEncoding('utf8').on('data', (text: string) => {
      messages += text;
      if (messages.includes(' attached')) resolve();
    });
    tracer.once('error', reject);
    tracer.once('exit', () => reject(new Error(messages)));
  });
}
