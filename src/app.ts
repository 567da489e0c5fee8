import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from './config.ts';
import type { Project } from './core/project.ts';
import { Lookups } from './engine/lookups.ts';
import { Projects } from './engine/projects.ts';
import { Engine } from './engine/submit.ts';
import { Timers } from './engine/timers.ts';
import type { SecretBox } from './lib/secret-box.ts';
import { startBackground } from './operations/background.ts';
import type { FirstProject } from './operations/first-project.ts';
import { warnOfFullNames } from './operations/full-names.ts';
import { lockFolder } from './storage/sqlite/lock.ts';
import { SqliteStore } from './storage/sqlite/store.ts';
import { openAdmin } from './wiring/admin.ts';
import { makeFolder, openSecretBox, prepareFile } from './wiring/folder.ts';
import { openHistory } from './wiring/history.ts';
import { startServer } from './wiring/server.ts';

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
  const secrets = openSecretBox(settings.dataFolder);
  const { projects, created, lookedUp } = prepareFile(file, settings, {
    nowMs: Math.floor(clock()),
    seal: (secret) => secrets.seal(secret),
  });
  warnOfLostSecrets(projects, secrets, log);
  if (created !== undefined) onFirstStart(created);

  const store = new SqliteStore(file, (error) => engine.fail(error));
  const history = openHistory(settings, { file, store, clock });
  const fail = (error: unknown) => {
    history.close().catch(() => undefined);
    onFatal(error);
  };
  const onBug = (error: unknown) => log.error({ err: error }, 'a bug met one command');
  const projectsInUse = new Projects(projects);
  const onNamesFull = warnOfFullNames(projectsInUse, { log, clock });
  const engine: Engine = new Engine({ store, clock, onFatal: fail, onBug, onNamesFull });
  const lookups = new Lookups(store, lookedUp);
  const parts = {
    settings,
    engine,
    store,
    history,
    lookups,
    projects: projectsInUse,
    secrets,
    clock,
    log,
  };
  const background = startBackground({ ...parts, timers: new Timers({ store, engine, clock }) });
  const server = await startServer(parts);
  const { address } = server;
  const admin = await openAdmin(parts, server);
  lock.describe(`process ${process.pid}, serving ${address}`);
  return {
    address,
    created,
    stop: async () => {
      await background.pause();
      await Promise.all([server.stop(), admin.stop()]);
      await engine.drain();
      await background.finish();
      await history.close();
      await store.close();
      lock.release();
    },
  };
}

/** A restored database comes without the key file. */
function warnOfLostSecrets(projects: readonly Project[], secrets: SecretBox, log: Logger): void {
  for (const { name, privateKeys } of projects) {
    const lost = privateKeys.filter(({ sealed }) => sealed !== null && secrets.open(sealed) === undefined);
    if (lost.length === 0) continue;
    log.warn(
      { project: name, keys: lost.length },
      'secrets.key is not the one that sealed these private keys: put it back, or rotate them; until then customer tokens signed with them are refused',
    );
  }
}
