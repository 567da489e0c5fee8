import { mkdirSync, readFileSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { startAdmin } from './admin/server.ts';
import { Backups } from './backup/backups.ts';
import { hasUnfinishedRestore } from './backup/unfinished.ts';
import { readBootstrap, SettingError, type Settings } from './config.ts';
import { failures } from './dialects/bloomreach/reply.ts';
import { mountBloomreach, send as sendBloomreach } from './dialects/bloomreach/routes.ts';
import { texts } from './dialects/bloomreach/texts.ts';
import { mountLeanplum } from './dialects/leanplum/routes.ts';
import { idempotencyWindowMs, timersEveryMs } from './engine/limits.ts';
import { Projects } from './engine/projects.ts';
import { Engine } from './engine/submit.ts';
import { Timers } from './engine/timers.ts';
import { BytesInFlight, ignoreBodies } from './http/body.ts';
import { bytesInFlightMax, keepAliveTimeoutMs, requestTimeoutMs } from './http/limits.ts';
import { RequestMeter } from './http/observe.ts';
import { Rate } from './lib/rate.ts';
import { measureDisk } from './operations/disk.ts';
import { type FirstProject, firstProject } from './operations/first-project.ts';
import { mountOperations } from './operations/routes.ts';
import { readVersion } from './operations/version.ts';
import { foldAll } from './storage/sqlite/fold-lines.ts';
import { lockFolder } from './storage/sqlite/lock.ts';
import { openWriter } from './storage/sqlite/open.ts';
import { declareProjects, loadProjects } from './storage/sqlite/projects.ts';
import { migrate, schemaVersion } from './storage/sqlite/schema.ts';
import { SqliteStore } from './storage/sqlite/store.ts';

/** Old idempotency records are removed a slice at a time, this often. */
const expireEveryMs = 1_000;
/** Slices each time: with 2,000 rows in one, 10,000 rows a second are looked at, more than are ever added. */
const expireSlices = 5;
/** How often what is counted is sampled, for rates and quantiles. */
const sampleEveryMs = 1_000;
/** Samples that the rate of items looks back. */
const itemRateSlots = 10;
/** A connection that does not end by itself is cut this long after the stop began. */
const stopWithinMs = 10_000;
const closeIdleEveryMs = 100;

/** A running server. */
export interface App {
  readonly address: string;
  /** The project of a first start, if this is one. */
  readonly created: FirstProject | undefined;
  /** Finishes what is in flight, then lets go of the data folder. */
  stop(): Promise<void>;
}

export interface AppOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A first start made a project: its keys have to be shown now, whatever happens next; they are kept as hashes. */
  readonly onFirstStart: (project: FirstProject) => void;
  /** The store is in an unknown state; everybody who waited is answered. The process must end. */
  readonly onFatal: (error: unknown) => void;
}

/** Builds every part, mounts every route, serves. Throws `SettingError`, `FolderInUse` or `DeclarationConflict`. */
export async function startApp({ settings, log, clock, onFirstStart, onFatal }: AppOptions): Promise<App> {
  makeFolder(settings.dataFolder);
  const lock = lockFolder(settings.dataFolder);
  const file = join(settings.dataFolder, 'rapport.sqlite');
  const { projects, created } = prepareFile(file, settings, clock());
  if (created !== undefined) onFirstStart(created);

  const store = new SqliteStore(file, (error) => engine.fail(error));
  const onBug = (error: unknown) => log.error({ err: error }, 'a bug met one command');
  const engine: Engine = new Engine({ store, clock, onFatal, onBug });
  const server = buildServer();
  const meter = new RequestMeter(callers, settings.accessLog ? log : undefined);
  const parts = { engine, store, projects: new Projects(projects), clock, meter, log };
  mountRoutes(server, parts);
  const expiry = setInterval(() => {
    const slices = Array.from({ length: expireSlices }, () =>
      store.expireRecords(clock() - idempotencyWindowMs),
    );
    Promise.all(slices).catch((error) => log.warn({ err: error }, 'expiry failed'));
  }, expireEveryMs);

  const timers = new Timers({ store, engine, clock });
  // A read that fails is a broken disk, as it is for the engine's own.
  const ticking = setInterval(() => timers.run().catch((error) => engine.fail(error)), timersEveryMs);

  await listen(server, settings);
  const address = addressOf(server, settings.host);
  const operators = await openAdmin(parts, { address, dataFolder: settings.dataFolder });
  lock.describe(`process ${process.pid}, serving ${address}`);
  return {
    address,
    created,
    stop: async () => {
      clearInterval(expiry);
      clearInterval(ticking);
      await timers.stop();
      await Promise.all([stopServer(server), operators.stop()]);
      await engine.drain();
      await store.close();
      lock.release();
    },
  };
}

interface Parts {
  readonly engine: Engine;
  readonly store: SqliteStore;
  readonly projects: Projects;
  readonly clock: () => number;
  readonly meter: RequestMeter;
  readonly log: Logger;
}

function mountRoutes(server: FastifyInstance, { engine, store, projects, clock, meter, log }: Parts): void {
  const parts = {
    engine,
    history: store,
    projects,
    clock,
    inFlight: new BytesInFlight(bytesInFlightMax),
    onError: (error: unknown) => log.error({ err: error }, 'a request failed'),
  };
  const probe = () => store.probe(clock());
  meter.observe(server, callerOf);
  server.register(async (scope) => mountLeanplum(scope, parts));
  server.register(async (scope) => mountBloomreach(scope, parts));
  server.register(async (scope) => mountOperations(scope, { engine, requests: meter, probe }));
}

const callers = ['leanplum', 'bloomreach', 'operations', 'nowhere'] as const;

/** Who calls a route, for counting. */
function callerOf(route: string | undefined): (typeof callers)[number] {
  if (route === undefined) return 'nowhere';
  if (route.startsWith('/api')) return 'leanplum';
  return route.startsWith('/track') || route.startsWith('/data') ? 'bloomreach' : 'operations';
}

/** The operator's side: the admin API, what it measures, and backups. */
async function openAdmin(
  { engine, store, projects, clock, meter, log }: Parts,
  { address, dataFolder }: { address: string; dataFolder: string },
): Promise<{ stop(): Promise<void> }> {
  const itemRate = new Rate(itemRateSlots);
  const sampling = setInterval(() => {
    meter.tick(clock());
    itemRate.sample(engine.totals.items, clock());
  }, sampleEveryMs);
  const version = readVersion();
  const onError = (error: unknown) => log.error({ err: error }, 'a backup failed');
  const backups = new Backups({ dataFolder, version, clock, onError });
  const facts = { version, node: process.version, schema: schemaVersion, pid: process.pid };
  const admin = await startAdmin(
    {
      engine,
      projects,
      store,
      newestLines: async ({ project, id, lastEvent }, limit) => {
        const lines = await store.linesOf(project, id, lastEvent);
        return lines.slice(-limit).reverse();
      },
      query: undefined,
      backups,
      server: { ...facts, address, dataFolder: resolve(dataFolder), startedMs: Math.floor(clock()) },
      requests: meter,
      itemRate,
      measureDisk: () => measureDisk(dataFolder),
      historyLag: undefined,
      clock,
    },
    log,
  ).catch((error: Error) => {
    throw new SettingError(`${error.message} (RAPPORT_DATA is ${dataFolder})`);
  });
  return {
    stop: async () => {
      clearInterval(sampling);
      await backups.stop();
      await admin.stop();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SettingError(`RAPPORT_DATA cannot be used as data folder: ${(error as Error).message}`);
  }
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

/** Schema, declared projects, and on a first start a project with new keys. */
function prepareFile(file: string, settings: Settings, nowMs: number) {
  if (hasUnfinishedRestore(settings.dataFolder)) {
    throw new SettingError(
      `RAPPORT_DATA ${settings.dataFolder} holds a restore that did not finish: delete the folder and restore again`,
    );
  }
  const declared =
    settings.bootstrapFile === undefined ? undefined : readBootstrapFile(settings.bootstrapFile);
  const database = openWriter(file);
  try {
    migrate(database);
    foldAll(database);
    if (declared !== undefined) declareProjects(database, declared.projects, nowMs);
    const created = loadProjects(database).length === 0 ? firstProject() : undefined;
    if (created !== undefined) declareProjects(database, [created], nowMs);
    return { projects: loadProjects(database), created };
  } finally {
    database.close();
  }
}

function readBootstrapFile(path: string) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingError(`RAPPORT_BOOTSTRAP cannot be read: ${(error as Error).message}`);
  }
  return readBootstrap(text);
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
    // An address that cannot be decoded; where one has a place for a token, the token is what is wrong.
    frameworkErrors: (_error, request, reply) => {
      const isProject = /^\/+(track|data)\//.test(request.raw.url ?? '');
      sendBloomreach(reply as never, failures.error(400, isProject ? texts.invalidProject : texts.notFound));
    },
  });
  ignoreBodies(server);
  server.setNotFoundHandler((_request, reply) => sendBloomreach(reply, failures.error(404, texts.notFound)));
  return server;
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
