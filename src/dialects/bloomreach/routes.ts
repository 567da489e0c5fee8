import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { retryAfterSec } from '../../engine/limits.ts';
import type { Projects } from '../../engine/projects.ts';
import type { Admission } from '../../http/admission.ts';
import { BodyError, type BytesInFlight, endWhenStopping, readBodies, whileHeld } from '../../http/body.ts';
import { answerAnonymize, answerAnonymizeBulk } from './anonymize.ts';
import { answerBatch, answerSingle, type BloomreachParts, toSeconds } from './batch.ts';
import { commands } from './commands.ts';
import { authenticate, type Credentials, isRefused } from './credentials.ts';
import {
  answerAttributes,
  answerCustomerEvents,
  answerExportOne,
  type DataParts,
  type ReadRequest,
} from './data.ts';
import { bodyBytesMax } from './limits.ts';
import { type Answer, failures, json, type Reply } from './reply.ts';
import { texts } from './texts.ts';

export interface BloomreachRoutes extends BloomreachParts, DataParts {
  readonly projects: Projects;
  readonly inFlight: BytesInFlight;
  readonly admission: Admission;
  /** Origins whose pages may call from a browser; `*` allows every one. */
  readonly corsOrigins: readonly string[];
  readonly onError: (error: unknown) => void;
}

type Handler = (call: { credentials: Credentials; request: FastifyRequest }) => Promise<Answer> | Answer;

const noBody = new Uint8Array();

/** Below `customers` of the data API, all by POST with a private key (contract 4). */
const customerRoutes = {
  attributes: answerAttributes,
  events: answerCustomerEvents,
  'export-one': answerExportOne,
  anonymize: answerAnonymize,
  anonymize_bulk: answerAnonymizeBulk,
};

/** Mounts the tracking and data routes (contract 2, 3, 4). The key is checked before the body is read. */
export function mountBloomreach(server: FastifyInstance, options: BloomreachRoutes): void {
  allowOrigins(server, options.corsOrigins);
  readBodies(server, { max: bodyBytesMax, ...options });
  const callers = new WeakMap<FastifyRequest, Credentials>();

  const writeOf = ({ credentials, request }: Parameters<Handler>[0]) => ({
    project: credentials.project,
    receivedMs: Math.floor(options.clock()),
    body: request.body instanceof Uint8Array ? request.body : noBody,
    query: '',
    idempotencyKey: request.headers['idempotency-key'],
  });

  const route = (methods: readonly ('GET' | 'POST')[], path: string, handler: Handler) => {
    server.route({
      method: [...methods],
      url: path,
      onRequest: async (request, reply) => {
        const { projectToken = '' } = request.params as { projectToken?: string };
        const { access_token: given } = request.query as { access_token?: string | string[] };
        const accessToken = Array.isArray(given) ? given.at(-1) : given;
        const { authorization } = request.headers;
        const caller = authenticate({ projectToken, authorization, accessToken }, options.projects);
        if (isRefused(caller)) return send(reply, caller);
        callers.set(request, caller);
      },
      handler: async (request, reply) => {
        const credentials = callers.get(request) as Credentials;
        return send(reply, await whileHeld(request, async () => handler({ credentials, request })));
      },
    });
    const others = (['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] as const).filter(
      (it) => !methods.includes(it as never),
    );
    server.route({
      method: [...others],
      url: path,
      handler: async (_request, reply) => {
        reply.header('allow', methods.join(', '));
        return send(reply, failures.error(405, texts.methodNotAllowed));
      },
    });
    // What a browser asks first; without an allowed origin it gets no permission.
    server.options(path, async (_request, reply) => {
      reply.header('access-control-allow-methods', 'GET,POST,OPTIONS');
      reply.header('access-control-allow-headers', 'authorization,content-type');
      return reply.header('access-control-max-age', 600).code(204).send();
    });
  };

  const track = '/track/v2/projects/:projectToken';
  const time = () => json(200, { success: true, errors: [], time: toSeconds(options.clock()) });
  route(['GET', 'POST'], `${track}/system/time`, time);
  route(['POST'], `${track}/batch`, (call) => answerBatch(writeOf(call), options));
  for (const command of commands.values()) {
    route(['POST'], `${track}/${command.name}`, (call) => answerSingle(command, writeOf(call), options));
  }

  const data = '/data/v2/projects/:projectToken';
  const withPrivateKey = (answer: (request: ReadRequest, parts: DataParts) => Promise<Answer>): Handler => {
    return (call) => {
      if (call.credentials.access !== 'private') return failures.error(403, texts.noPermission);
      return answer(writeOf(call), options);
    };
  };
  for (const [name, answer] of Object.entries(customerRoutes)) {
    route(['POST'], `${data}/customers/${name}`, withPrivateKey(answer));
  }

  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof BodyError)) options.onError(error);
    return send(reply, replyTo(error));
  });
}

/** Allowed origins are echoed, without credentials (contract 1.6). */
function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  server.addHook('onRequest', async ({ headers: { origin } }, reply) => {
    reply.header('vary', 'Origin');
    if (origin === undefined) return;
    if (origins.includes('*') || origins.includes(origin)) {
      reply.header('access-control-allow-origin', origin);
    }
  });
}

/** The answer to a request that no handler saw, in this dialect's envelope. */
export function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  if (status === 503) reply.header('retry-after', retryAfterSec);
  reply.header('x-request-id', randomUUID());
  endWhenStopping(reply);
  return reply.code(status).header('content-type', 'application/json').send(body);
}

function replyTo(error: unknown): Reply {
  if (!(error instanceof BodyError)) return failures.error(500, texts.internal);
  switch (error.code) {
    case 'too_large':
      return failures.message(413, texts.tooLargeRequest);
    case 'server_busy':
      return failures.error(503, texts.unavailable);
    case 'incomplete':
      return failures.errors(400, texts.invalidJson);
  }
}
