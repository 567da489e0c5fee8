import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { requestTimeoutMs } from '../http/limits.ts';
import type { AdminParts } from './parts.ts';
import { socketOf, withSocketPath } from './socket-path.ts';

export interface AdminServer {
  stop(): Promise<void>;
}

/** The owner alone may connect. */
const socketUmask = 0o177;

/**
 * Serves the admin API on a socket in the data folder, for whoever may open that: there are no other keys to it. A
 * socket that is there already is left from a crash, because the folder is ours (its lock says so).
 */
export async function startAdmin(parts: AdminParts, log: Logger): Promise<AdminServer> {
  // Made when first asked: most of the time nobody does, and it takes a tenth of an idle server's memory.
  let api: Promise<FastifyInstance> | undefined;
  const make = async () => (await import('./api.ts')).buildApi(parts, log);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    api ??= make();
    api.then(
      ({ routing }) => routing(request, response),
      (error) => {
        log.error({ err: error }, 'the admin API cannot be made');
        response.destroy();
      },
    );
  };
  const socket = socketOf(parts.server.dataFolder);
  rmSync(socket, { force: true });
  const server = createServer({ requestTimeout: requestTimeoutMs }, answer);
  await withSocketPath(parts.server.dataFolder, (path) => listen(server, path));
  return {
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      await (await api)?.close();
      rmSync(socket, { force: true });
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`The admin socket cannot be opened: ${error.message}`)));
    // The socket comes into being in this call, never with more rights than it is to have.
    const before = process.umask(socketUmask);
    try {
      server.listen(path, () => resolve());
    } finally {
      process.umask(before);
    }
  });
}
