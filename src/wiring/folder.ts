import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../backup/files.ts';
import { manifestName } from '../backup/manifest.ts';
import { hasUnfinishedRestore } from '../backup/unfinished.ts';
import { SettingError, type Settings } from '../config.ts';
import { boxKeyBytes, SecretBox } from '../lib/secret-box.ts';
import { firstProject } from '../operations/first-project.ts';
import { readBootstrap } from '../setting-files.ts';
import { type DeclareOptions, declareProjects } from '../storage/sqlite/declare-projects.ts';
import { foldAll } from '../storage/sqlite/fold-lines.ts';
import { readLookups } from '../storage/sqlite/lookups.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { loadProjects } from '../storage/sqlite/projects.ts';
import { migrate } from '../storage/sqlite/schema.ts';

export function makeFolder(folder: string): void {
  // A server that writes there would make the backup worthless.
  if (existsSync(join(folder, manifestName))) {
    throw new SettingError(`RAPPORT_DATA ${folder} is a backup: restore it into another folder`);
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SettingError(`RAPPORT_DATA cannot be used as data folder: ${(error as Error).message}`);
  }
}

const keyFileName = 'secrets.key';

/**
 * What seals the secrets that have to be kept (design D11). Its key lies beside the database and never in it, so that
 * a copy of the database alone gives none of them away. It is made when it is not there.
 */
export function openSecretBox(folder: string): SecretBox {
  const file = join(folder, keyFileName);
  if (!existsSync(file)) {
    const unfinished = `${file}.unfinished`;
    writeFileSync(unfinished, randomBytes(boxKeyBytes), { mode: 0o600, flush: true });
    renameSync(unfinished, file);
    syncPath(folder);
  }
  const key = readFileSync(file);
  if (key.length === boxKeyBytes) return new SecretBox(key);
  throw new SettingError(`${file} is damaged: it must have ${boxKeyBytes} bytes; put back a copy of it`);
}

/** Schema, declared projects, and on a first start a project with new keys. */
export function prepareFile(file: string, settings: Settings, options: DeclareOptions) {
  const { nowMs } = options;
  if (hasUnfinishedRestore(settings.dataFolder)) {
    throw new SettingError(
      `RAPPORT_DATA ${settings.dataFolder} holds a restore that did not finish: delete the folder and restore again`,
    );
  }
  const declared =
    settings.bootstrapFile === undefined
      ? undefined
      : readBootstrap(readSettingFile('RAPPORT_BOOTSTRAP', settings.bootstrapFile));
  const database = openWriter(file);
  try {
    migrate(database);
    foldAll(database);
    if (declared !== undefined) declareProjects(database, declared.projects, options);
    const created = loadProjects(database, nowMs).length === 0 ? firstProject() : undefined;
    if (created !== undefined) declareProjects(database, [created], options);
    return { projects: loadProjects(database, nowMs), created, lookedUp: readLookups(database) };
  } finally {
    database.close();
  }
}

/** The text of the file that a setting names. Throws `SettingError`. */
export function readSettingFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingError(`${setting} cannot be read: ${(error as Error).message}`);
  }
}
