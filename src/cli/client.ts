import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { withSocketPath } from '../admin/socket-path.ts';
import { CliFailure } from './failure.ts';

/** The admin API of the server that runs on a data folder. */
export class AdminClient {
  readonly #dataFolder: string;

  constructor(dataFolder: string) {
    this.#dataFolder = resolve(dataFolder);
  }

  /** `path` is below /admin/v1. What comes back is what the API's description says. Throws `CliFailure`. */
  async call<Result>(method: Method, path: string, body?: unknown): Promise<Result> {
    if (!existsSync(this.#dataFolder)) {
      throw new CliFailure('noServer', `There is no data folder ${this.#dataFolder} (say which with --data)`);
    }
    const answer = await withSocketPath(this.#dataFolder, (socketPath) =>
      send({ socketPath, method, path: `/admin/v1${path}`, body }),
    ).catch((error: unknown) => {
      throw this.#explain(error as { code?: string; message: string });
    });
    return readAnswer(answer) as Result;
  }

  #explain({ code, message }: { code?: string; message: string }): CliFailure {
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      return new CliFailure('noServer', `No server runs on the data folder ${this.#dataFolder}`);
    }
    if (code === 'EACCES' || code === 'EPERM') {
      return new CliFailure(
        'failed',
        `The data folder ${this.#dataFolder} belongs to another user: run this as him`,
      );
    }
    return new CliFailure('failed', `The server did not answer: ${message}`);
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Call {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send({ socketPath, method, path, body }: Call): Promise<Answer> {
  return new Promise((done, fail) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const call = request({ socketPath, method, path, headers, agent: false }, (response) => {
      text(response).then((content) => done({ status: response.statusCode ?? 0, body: content }), fail);
    });
    call.on('error', fail);
    call.end(payload);
  });
}

function readAnswer({ status, body }: Answer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new CliFailure('failed', `The server's answer (${status}) is not one of the admin API`);
  }
  if (status < 400) return value;
  const { error } = value as { error?: { code?: string; message?: string } };
  const message = error?.message ?? `status ${status}`;
  throw new CliFailure(error?.code === 'not_found' ? 'notFound' : 'failed', message);
}
