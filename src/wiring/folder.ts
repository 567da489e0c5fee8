import { mkdirSync, readFileSync } from 'node:fs';
import { hasUnfinishedRestore } from '../backup/unfinished.ts';
import { readBootstrap, SettingError, type Settings } from '../config.ts';
import { firstProject } from '../operations/first-project.ts';
import { foldAll } from '../storage/sqlite/fold-lines.ts';
import { readLookups } from '../storage/sqlite/lookups.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { declareProjects, loadProjects } from '../storage/sqlite/projects.ts';
import { migrate } from '../storage/sqlite/schema.ts';

export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SettingError(`RAPPORT_DATA cannot be used as data folder: ${(error as Error).message}`);
  }
}

/** Schema, declared projects, and on a first start a project with new keys. */
export function prepareFile(file: string, settings: Settings, nowMs: number) {
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
    if (declared !== undefined) declareProjects(database, declared.projects, nowMs);
    const created = loadProjects(database).length === 0 ? firstProject() : undefined;
    if (created !== undefined) declareProjects(database, [created], nowMs);
    return { projects: loadProjects(database), created, lookedUp: readLookups(database) };
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
