import { maxHeaderSize } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { SettingError, type Settings } from '../config.ts';
import type { ExportJob } from '../dialects/bloomreach/export-rows.ts';
import { failures } from '../dialects/bloomreach/reply.ts';
import { mountBloomreach, send as sendBloomreach } from '../dialects/bloomreach/routes.ts';
import { texts } from '../dialects/bloomreach/texts.ts';
import { DevModeLimit } from '../dialects/leanplum/dev-mode-limit.ts';
import { mountLeanplum } from '../dialects/leanplum/routes.ts';
import type { Lookups } from '../engine/lookups.ts';
import type { Projects } from '../engine/projects.ts';
import type { Engine } from '../engine/submit.ts';
import { Admission } from '../http/admission.ts';
import { BytesInFlight, ignoreBodies } from '../http/body.ts';
import { answerBrokenRequest } from '../http/broken-request.ts';
import type { ClientAddressOf } from '../http/client-address.ts';
import { bytesInFlightMax, keepAliveTimeoutMs, requestTimeoutMs } from '../http/limits.ts';
import { RequestMeter } from '../http/observe.ts';
import { limitRate, RateLimit } from '../http/rate-limit.ts';
import type { SecretBox } from '../lib/secret-box.ts';
import { mountOperations } from '../operations/routes.ts';
import type { DuckHistory } from '../storage/duckdb/history.ts';
import type { SqliteStore } from '../storage/sqlite/store.ts';
import { writeExport } from './exports.ts';
import { buildLeanplum } from './leanplum.ts';

/** A connection that does not end by itself is cut this long after the stop began. */
const stopWithinMs = 10_000;
const closeIdleEveryMs = 100;

export interface ServerParts {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly store: SqliteStore;
  readonly history: DuckHistory;
  readonly lookups: Lookups;
  readonly projects: Projects;
  readonly secrets: SecretBox;
  readonly clock: () => number;
  readonly log: Logger;
}

export interface Server {
  readonly address: string;
  readonly meter: RequestMeter;
  /** Answers what is in flight and takes nothing more. */
  stop(): Promise<void>;
}

/** Listens and serves both wire formats, health and metrics. Throws `SettingError` when it cannot listen. */
export async function startServer(parts: ServerParts): Promise<Server> {
  const { settings, log } = parts;
  const server = buildServer();
  const meter = new RequestMeter(callers, settings.accessLog ? log : undefined);
  mountRoutes(server, parts, meter);
  await listen(server, settings);
  return { address: addressOf(server, settings.host), meter, stop: () => stopServer(server) };
}

function mountRoutes(server: FastifyInstance, parts: ServerParts, meter: RequestMeter): void {
  const { settings, store, engine, history, lookups, clock, log } = parts;
  const admission = new Admission(() => performance.now());
  const routes = {
    ...parts,
    catalogs: store.catalogs,
    writeExport: (job: ExportJob) => writeExport(store.file, job),
    admission,
    devModeLimit: new DevModeLimit(settings.devModeLimit, settings.limits.devModeIntervalMs),
    inFlight: new BytesInFlight(bytesInFlightMax),
    corsOrigins: settings.corsOrigins,
    productionKeyDevMode: settings.productionKeyDevMode,
    legacyApi: settings.legacyApi,
    streamApi: settings.streamApi,
    nameLimits: { property: settings.limits.propertyNames },
    ...buildLeanplum(settings, log),
    onError: (error: unknown) => log.error({ err: error }, 'a request failed'),
  };
  const probe = () => store.probe(clock());
  meter.observe(server, callerOf);
  const { bloomreachRateLimit } = settings;
  if (bloomreachRateLimit !== undefined)
    limitBloomreach(server, bloomreachRateLimit, routes.detectors.addressOf);
  server.register(async (scope) => mountLeanplum(scope, routes));
  server.register(async (scope) => mountBloomreach(scope, routes));
  server.register(async (scope) =>
    mountOperations(scope, { engine, history, admission, lookups, requests: meter, probe }),
  );
}

/** Whatever is in no other API is answered in Bloomreach's form, so it counts as well. */
function limitBloomreach(server: FastifyInstance, perMinute: number, clientOf: ClientAddressOf): void {
  limitRate(server, {
    limit: new RateLimit(perMinute, () => performance.now()),
    addressOf: ({ raw }) => clientOf(raw) ?? '',
    isCounted: ({ routeOptions: { url } }) => ['bloomreach', 'nowhere'].includes(callerOf(url)),
    refuse: (reply) => sendBloomreach(reply, failures.errors(429, texts.tooManyRequests)),
  });
}

const callers = ['leanplum', 'bloomreach', 'operations', 'nowhere'] as const;

/** Who calls a route, for counting. */
function callerOf(route: string | undefined): (typeof callers)[number] {
  if (route === undefined) return 'nowhere';
  if (route.startsWith('/api')) return 'leanplum';
  return /^\/(health|metrics)/.test(route) ? 'operations' : 'bloomreach';
}

function buildServer(): FastifyInstance {
  const server = fastify({
    // Our own envelopes for everything, also while stopping.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    routerOptions: { ignoreDuplicateSlashes: true, maxParamLength: maxHeaderSize },
    exposeHeadRoutes: false,
    clientErrorHandler: answerBrokenRequest,
    // An address that cannot be decoded; where one has a place for a token, the token is what is wrong.
    frameworkErrors: (_error, request, reply) => {
      const isProject = /^\/+(track|data|webxp|wxstatic)\//.test(request.raw.url ?? '');
      sendBloomreach(reply as never, failures.error(400, isProject ? texts.invalidProject : texts.notFound));
    },
  });
  ignoreBodies(server);
  server.setNotFoundHandler((_request, reply) => sendBloomreach(reply, failures.error(404, texts.notFound)));
  return server;
}

async function listen(server: FastifyInstance, { host, port }: Settings): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const isPort = code === 'EADDRINUSE' || code === 'EACCES';
    const setting = isPort ? `RAPPORT_PORT ${port}` : `RAPPORT_HOST '${host}'`;
    throw new SettingError(`${setting} cannot be listened on: ${message}`);
  }
}

async function stopServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), stopWithinMs);
  // Answers say from now on that the connection ends; this is for clients that do not look.
  const idle = setInterval(() => server.server.closeIdleConnections(), closeIdleEveryMs);
  await server.close();
  clearInterval(idle);
  clearTimeout(cut);
}

function addressOf(server: FastifyInstance, host: string): string {
  const { port } = server.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
