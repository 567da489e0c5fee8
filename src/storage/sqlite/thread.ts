import { basename } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** What crosses of an error. */
interface Failure {
  readonly message: string;
  /** SQLite's extended result code, when it came from SQLite. */
  readonly sqliteCode: number | undefined;
  /** Such as `fsync`, when it came from the system. */
  readonly systemCall: string | undefined;
}

/** An error that crossed from a thread. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';
  readonly sqliteCode: number | undefined;
  /** It came from SQLite or the system: the disk, unless a statement of ours breaks a constraint. */
  readonly isOfDisk: boolean;

  constructor({ message, sqliteCode, systemCall }: Failure) {
    super(message);
    this.sqliteCode = sqliteCode;
    this.isOfDisk = sqliteCode !== undefined || systemCall !== undefined;
  }
}

interface Reply {
  readonly result?: unknown;
  readonly error?: Failure;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Asks a thread questions; it answers them one after the other, in order. */
export class Thread<Request, Result> {
  readonly #worker: Worker;
  #waiting: Waiting[] = [];
  #ended = false;

  constructor(entry: URL, data: unknown) {
    // The system shows the name, in `top -H` for example.
    const name = basename(entry.pathname, '-thread.ts');
    this.#worker = new Worker(entry, { name, workerData: data });
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#end(new Error('The storage thread has stopped')));
  }

  ask(request: Request): Promise<Result> {
    if (this.#ended) return Promise.reject(new Error('The storage thread has stopped'));
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (result: never) => void, reject });
      this.#worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (reply.error === undefined) waiting?.resolve(reply.result as never);
    else waiting?.reject(new ThreadError(reply.error));
  }

  #end(error: Error): void {
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

/** The other side: answers each request with what `handle` returns or throws. */
export function serveThread<Request, Data>(start: (data: Data) => (request: Request) => unknown): void {
  if (isMainThread || parentPort === null) throw new Error('This file is a thread, not a program');
  const port = parentPort;
  const handle = start(workerData as Data);
  port.on('message', (request: Request) => port.postMessage(answer(handle, request)));
}

function answer<Request>(handle: (request: Request) => unknown, request: Request): Reply {
  try {
    return { result: handle(request) };
  } catch (error) {
    const { message, errcode, syscall } = error as { message: string; errcode?: number; syscall?: string };
    return { error: { message, sqliteCode: errcode, systemCall: syscall } };
  }
}
