import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { CatalogStore } from '../../engine/catalog-store.ts';
import { retryAfterSec } from '../../engine/limits.ts';
import type { Projects } from '../../engine/projects.ts';
import { StoreFullError } from '../../engine/store.ts';
import type { Admission } from '../../http/admission.ts';
import {
  BodyError,
  type BytesInFlight,
  endWhenStopping,
  readBodies,
  type TakeBytes,
  whileHeld,
} from '../../http/body.ts';
import { unpack } from '../../http/unpack.ts';
import type { SecretBox } from '../../lib/secret-box.ts';
import { answerAnonymize, answerAnonymizeBulk } from './anonymize.ts';
import { answerAttributes } from './attributes.ts';
import { answerBatch, answerSingle, type BloomreachParts, toSeconds } from './batch.ts';
import { catalogRoutes } from './catalogs/catalog-routes.ts';
import { commands, legacyCommands } from './commands.ts';
import { consentCategories } from './consents.ts';
import { authenticate, type Credentials, isRefused } from './credentials.ts';
import { authenticateByToken, isToken } from './customer-token.ts';
import { answerCustomerEvents, answerExportOne, type DataParts, type ReadRequest } from './data.ts';
import { answerExport, type ExportParts } from './export.ts';
import { legacyRoutes } from './legacy/crm.ts';
import { bodyBytesMax } from './limits.ts';
import { type Answer, failures, json, type Reply } from './reply.ts';
import type { Call, KeyedCall, Route } from './route.ts';
import { sdkContentRoutes, webContentRoutes } from './sdk-content.ts';
import { streamRoutes } from './streams.ts';
import { texts } from './texts.ts';

export interface BloomreachRoutes extends Omit<BloomreachParts, 'commands'>, DataParts, ExportParts {
  readonly projects: Projects;
  readonly catalogs: CatalogStore;
  readonly secrets: SecretBox;
  /** Whether there are the routes and commands of older clients (contract 2.8). */
  readonly legacyApi: boolean;
  /** Whether there are those of the Data Hub (contract 2.9). */
  readonly streamApi: boolean;
  readonly inFlight: BytesInFlight;
  readonly admission: Admission;
  /** Origins whose pages may call from a browser; `*` allows every one. */
  readonly corsOrigins: readonly string[];
}

type Handler = (call: { credentials: Credentials; request: FastifyRequest }) => Promise<Answer> | Answer;

const noBody = new Uint8Array();

/** Below `customers` of the data API, all by POST with a private key (contract 4). */
const customerRoutes = {
  events: answerCustomerEvents,
  'export-one': answerExportOne,
  export: answerExport,
  anonymize: answerAnonymize,
  anonymize_bulk: answerAnonymizeBulk,
};

/** Mounts the routes of contract 2 to 5. The key is checked before the body is read. */
export function mountBloomreach(server: FastifyInstance, given: BloomreachRoutes): void {
  const options = {
    ...given,
    commands: given.legacyApi ? new Map([...commands, ...legacyCommands]) : commands,
  };
  allowOrigins(server, options.corsOrigins);
  readBodies(server, { max: bodyBytesMax, ...options });
  const callers = new WeakMap<FastifyRequest, Credentials>();

  const writeOf = ({ credentials, request }: Parameters<Handler>[0]) => ({
    ...credentials,
    receivedMs: Math.floor(options.clock()),
    body: request.body instanceof Uint8Array ? request.body : noBody,
    query: '',
    idempotencyKey: request.headers['idempotency-key'],
  });

  const route = routeOf(server, options, callers);

  const track = '/track/v2/projects/:projectToken';
  const time = () => json(200, { success: true, errors: [], time: toSeconds(options.clock()) });
  route(['GET', 'POST'], `${track}/system/time`, time);
  route(['POST'], `${track}/batch`, (call) => answerBatch(writeOf(call), options));
  for (const command of commands.values()) {
    route(['POST'], `${track}/${command.name}`, (call) => answerSingle(command, writeOf(call), options));
  }

  const data = '/data/v2/projects/:projectToken';
  const withPrivateKey = (
    answer: (request: ReadRequest, parts: DataParts & ExportParts) => Promise<Answer>,
  ): Handler => {
    return (call) => {
      if (call.credentials.access !== 'private') return failures.error(403, texts.noPermission);
      return answer(writeOf(call), options);
    };
  };
  for (const [name, answer] of Object.entries(customerRoutes)) {
    route(['POST'], `${data}/customers/${name}`, withPrivateKey(answer));
  }

  route(['POST'], `${data}/customers/attributes`, (call) => answerAttributes(writeOf(call), options));

  for (const { path, methods, ...access } of ownRoutes(options)) {
    const answer = ({ request }: Parameters<Handler>[0]) => {
      const call = { ...callOf(request, options.clock), credentials: callers.get(request) };
      return methods[request.method as keyof typeof methods]?.(call as KeyedCall) as Answer;
    };
    route(Object.keys(methods) as HTTPMethods[], path, answer, access);
  }

  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof BodyError)) options.onError(error);
    return send(reply, replyTo(error));
  });
}

/** The routes that have files of their own. */
function ownRoutes(options: BloomreachRoutes & BloomreachParts): readonly Route[] {
  return [
    ...sdkContentRoutes(options, 'projects'),
    consentCategories('projects'),
    ...webContentRoutes.projects,
    ...catalogRoutes(options),
    ...(options.streamApi ? streamRoutes(options) : []),
    ...(options.legacyApi ? legacyRoutes(options) : []),
  ];
}

/** A packed body is an extension; one that cannot be unpacked is no JSON, which its route says in its own envelope. */
async function unpackBody(request: FastifyRequest, take: TakeBytes): Promise<void> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || !(request.body instanceof Uint8Array)) return;
  const unpacked = await unpack(request.body, encoding, { max: bodyBytesMax, take });
  if (unpacked === 'too_large' || unpacked === 'server_busy') throw new BodyError(unpacked);
  if (typeof unpacked !== 'string') request.body = unpacked;
}

function callOf(request: FastifyRequest, clock: () => number): Call {
  const { body, params, query, headers } = request;
  return {
    receivedMs: Math.floor(clock()),
    body: body instanceof Uint8Array ? body : noBody,
    params: params as Record<string, string>,
    query: lastOf(query as Query),
    cookies: headers.cookie ?? '',
    idempotencyKey: headers['idempotency-key'],
  };
}

type Query = Readonly<Record<string, string | readonly string[]>>;

function lastOf(query: Query): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([name, given]) => [
      name,
      typeof given === 'string' ? given : (given.at(-1) ?? ''),
    ]),
  );
}

/** Mounts one route: who calls it is found out before the body is read; other methods, and what a browser asks first. */
function routeOf(
  server: FastifyInstance,
  { projects, secrets, clock, legacyApi }: BloomreachRoutes,
  callers: WeakMap<FastifyRequest, Credentials>,
) {
  return (
    methods: readonly HTTPMethods[],
    path: string,
    handler: Handler,
    { project, token, keyless = false }: Pick<Route, 'project' | 'token' | 'keyless'> = { project: 'path' },
  ): void => {
    server.route({
      method: [...methods],
      url: path,
      onRequest: async (request, reply) => {
        if (project === null) return;
        const query = lastOf(request.query as Query);
        const { projectToken: named = '' } = request.params as { projectToken?: string };
        const projectToken = project === 'path' ? named : (query[project] ?? '');
        const { authorization } = request.headers;
        const nowMs = clock();
        const caller =
          token !== undefined && isToken(authorization)
            ? await authenticateByToken(
                { projectToken, authorization, algorithm: token, nowMs },
                { projects, secrets },
              )
            : authenticate(
                {
                  projectToken,
                  authorization,
                  accessToken: query['access_token'],
                  nowMs,
                  keyless: keyless && legacyApi,
                },
                projects,
              );
        if (isRefused(caller)) return send(reply, caller);
        callers.set(request, caller);
      },
      handler: async (request, reply) => {
        const credentials = callers.get(request) as Credentials;
        const work = async (take: TakeBytes) => {
          await unpackBody(request, take);
          return handler({ credentials, request });
        };
        return send(reply, await whileHeld(request, work));
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
      reply.header('x-request-id', randomUUID());
      reply.header('access-control-allow-methods', 'GET,POST,OPTIONS');
      reply.header('access-control-allow-headers', 'authorization,content-type');
      return reply.header('access-control-max-age', 600).code(204).send();
    });
  };
}

/**
 * Allowed origins are echoed; those that are named may send cookies where the web SDK does (contract 1.6). Not with `*`:
 * any page could ask then who its visitor is elsewhere.
 */
function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  server.addHook('onRequest', async ({ headers: { origin }, routeOptions: { url } }, reply) => {
    reply.header('vary', 'Origin');
    if (origin === undefined) return;
    const isNamed = origins.includes(origin);
    if (!isNamed && !origins.includes('*')) return;
    reply.header('access-control-allow-origin', origin);
    if (isNamed && /^\/(bulk$|webxp\/)/.test(url ?? '')) {
      reply.header('access-control-allow-credentials', 'true');
    }
  });
}

/** The answer to a request that no handler saw, in this dialect's envelope. */
export function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  if (status === 503) reply.header('retry-after', retryAfterSec);
  reply.header('x-request-id', randomUUID());
  endWhenStopping(reply);
  return reply.code(status).header('content-type', 'application/json').headers(headers).send(body);
}

function replyTo(error: unknown): Reply {
  if (error instanceof StoreFullError) return failures.error(503, texts.internal);
  if (!(error instanceof BodyError)) return failures.error(500, texts.internal);
  switch (error.code) {
    case 'too_large':
      return failures.message(413, texts.tooLargeRequest);
    case 'server_busy':
      return failures.error(503, texts.internal);
    case 'incomplete':
      return failures.errors(400, texts.invalidJson);
  }
}
