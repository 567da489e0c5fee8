import { rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { StoreFullError } from '../engine/store.ts';
import { requestTimeoutMs } from '../http/limits.ts';
import type { AdminAction } from './action.ts';
import { actions } from './actions.ts';
import { bodyBytesMax } from './limits.ts';
import type { AdminParts } from './parts.ts';
import { Problem, problemStatus } from './problem.ts';
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
  const api = await buildApi(parts, log);
  const socket = socketOf(parts.server.dataFolder);
  rmSync(socket, { force: true });
  const server = createServer({ requestTimeout: requestTimeoutMs }, api.routing as RequestListener);
  await withSocketPath(parts.server.dataFolder, (path) => listen(server, path));
  return {
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      await api.close();
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

/** The API with its description, ready to be asked. */
export async function buildApi(parts: AdminParts, log: Logger): Promise<FastifyInstance> {
  const api = fastify({
    bodyLimit: bodyBytesMax,
    // An address that cannot be decoded.
    frameworkErrors: (error, _request, reply) => {
      (reply as FastifyReply).code(400).send(envelope(new Problem('invalid', error.message)));
    },
  });
  const info = {
    title: 'Rapport admin API',
    version: parts.server.version,
    description: 'For operators: on the Unix socket admin.sock in the data folder, for its owner alone.',
  };
  await api.register(swagger, {
    openapi: { openapi: '3.1.0', info, servers: [{ url: 'http://localhost' }] },
  });
  api.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    if (problem.code === 'internal') log.error({ err: error }, 'an admin action failed');
    return reply.code(problemStatus[problem.code]).send(envelope(problem));
  });
  api.setNotFoundHandler((_request, reply) => {
    return reply.code(404).send(envelope(new Problem('not_found', 'The admin API has no such action')));
  });
  await api.register(
    async (scope) => {
      scope.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
      for (const action of actions) mount(scope, action, parts, log);
    },
    { prefix: '/admin/v1' },
  );
  await api.ready();
  return api;
}

function mount(scope: FastifyInstance, action: AdminAction, parts: AdminParts, log: Logger): void {
  const { name, method, path, summary, params, query, body, status = 200, result } = action;
  scope.route({
    method,
    url: path,
    schema: {
      operationId: name,
      summary,
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: { [status]: result, ...failures },
    },
    handler: async (request, reply) => {
      const call = { params: request.params, query: request.query, body: request.body };
      const answer = await action.handle(call as never, parts);
      const isDone = !(answer instanceof Problem);
      // What an operator changed is worth a line; what he sent is not in it.
      if (method !== 'GET') log.info({ action: name, outcome: isDone ? 'done' : answer.code }, 'admin');
      if (isDone) return reply.code(status).send(answer);
      return reply.code(problemStatus[answer.code]).send(envelope(answer));
    },
  });
}

const failure = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  },
};
const failures = { '4xx': failure, '5xx': failure };

function envelope({ code, message }: Problem) {
  return { error: { code, message } };
}

function problemOf(error: unknown): Problem {
  if (error instanceof StoreFullError) return new Problem('unavailable', 'There is no room on the disk');
  const { statusCode, message, validation } = error as {
    statusCode?: number;
    message: string;
    validation?: unknown;
  };
  const isCallers = validation !== undefined || (statusCode !== undefined && statusCode < 500);
  return isCallers
    ? new Problem('invalid', message)
    : new Problem('internal', 'The server met a bug; its log says more');
}
