import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { StoreFullError } from '../engine/store.ts';
import type { AdminAction } from './action.ts';
import { actions } from './actions.ts';
import { bodyBytesMax } from './limits.ts';
import type { AdminParts } from './parts.ts';
import { Problem, problemStatus } from './problem.ts';

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
