import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FolderInUse, lockFolder } from '../storage/sqlite/lock.ts';
import { schemaVersion } from '../storage/sqlite/schema.ts';
import { findDamage, readFacts } from '../storage/sqlite/snapshot.ts';
import { hashWhile, type OnBytes, syncPath } from './files.ts';
import { BackupError, databaseName, historyName, type Manifest, readManifest } from './manifest.ts';
import { unfinishedRestoreName } from './unfinished.ts';

export interface RestoreOptions {
  readonly source: string;
  /** Absent, or empty. */
  readonly dataFolder: string;
  readonly onProgress: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  readonly step: 'checking' | 'copying';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * Makes a data folder from a backup. The backup is checked whole before the target is touched, and what is copied is
 * checked again. Until the last step the folder says that it is unfinished, and no server starts on it. Throws
 * `BackupError`.
 */
export function restoreBackup({ source, dataFolder, onProgress }: RestoreOptions): Manifest {
  const manifest = readManifest(source);
  refuseUsed(dataFolder);
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const start = (step: RestoreProgress['step']): OnBytes => {
    let doneBytes = 0;
    onProgress({ step, doneBytes, totalBytes });
    return (bytes) => {
      doneBytes += bytes;
      onProgress({ step, doneBytes, totalBytes });
    };
  };
  verify(source, manifest, start('checking'));
  copy({ source, dataFolder, manifest, onBytes: start('copying') });
  return manifest;
}

function refuseUsed(dataFolder: string): void {
  const found = statSync(dataFolder, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw new BackupError(`${dataFolder} is not a folder`);
  if (existsSync(join(dataFolder, 'lock.sqlite'))) lock(dataFolder).release();
  if (existsSync(join(dataFolder, unfinishedRestoreName))) {
    throw new BackupError(`${dataFolder} holds a restore that did not finish: delete it and try again`);
  }
  if (readdirSync(dataFolder).length > 0) {
    throw new BackupError(`${dataFolder} is not empty: a backup is restored into a new or empty folder`);
  }
}

function lock(dataFolder: string) {
  try {
    return lockFolder(dataFolder);
  } catch (error) {
    if (error instanceof FolderInUse) throw new BackupError(error.message);
    throw error;
  }
}

/** Every file is there and as it was written, the database is sound, this version knows it, and nothing is missing. */
function verify(source: string, manifest: Manifest, onBytes: OnBytes): void {
  if (manifest.schema > schemaVersion) {
    throw new BackupError(
      `The backup has schema ${manifest.schema}; this version of Rapport knows ${schemaVersion}. Use a newer version.`,
    );
  }
  for (const file of manifest.files) {
    const path = join(source, file.path);
    if (!existsSync(path)) throw new BackupError(`${path} is missing: the backup is damaged`);
    expectSame(path, file, hashWhile(path, onBytes));
  }
  const database = join(source, databaseName);
  const damage = findDamage(database);
  if (damage !== undefined) throw new BackupError(`${database} is damaged: ${damage}`);
  const { schema, historyFiles } = readFacts(database);
  const paths = new Set(manifest.files.map((file) => file.path));
  const missing = historyFiles.find((path) => !paths.has(`${historyName}/${path}`));
  if (missing !== undefined) throw new BackupError(`The backup lacks ${historyName}/${missing}`);
  if (schema !== manifest.schema)
    throw new BackupError(`${database} has schema ${schema}, not the one named`);
}

function expectSame(
  path: string,
  wanted: { bytes: number; sha256: string },
  found: { bytes: number; sha256: string },
): void {
  if (found.bytes === wanted.bytes && found.sha256 === wanted.sha256) return;
  throw new BackupError(`${path} is not what was backed up: its checksum is wrong`);
}

function copy(options: { source: string; dataFolder: string; manifest: Manifest; onBytes: OnBytes }): void {
  const { source, dataFolder, manifest, onBytes } = options;
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new BackupError(`${dataFolder} cannot be made: ${(error as Error).message}`);
  }
  const held = lock(dataFolder);
  // What nobody needs when it is done, and everything when it failed.
  let leftovers = ['holder.txt', 'lock.sqlite', unfinishedRestoreName, historyName];
  try {
    const unfinished = join(dataFolder, unfinishedRestoreName);
    // The database first, under the name that says unfinished; its own name last.
    const files = manifest.files.toSorted(
      (a, b) => Number(b.path === databaseName) - Number(a.path === databaseName),
    );
    for (const file of files) {
      const to = file.path === databaseName ? unfinished : join(dataFolder, file.path);
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      expectSame(to, file, hashWhile(join(source, file.path), onBytes, to));
      syncPath(to);
      syncPath(dirname(to));
    }
    renameSync(unfinished, join(dataFolder, databaseName));
    syncPath(dataFolder);
    leftovers = ['holder.txt'];
  } finally {
    held.release();
    for (const name of leftovers) rmSync(join(dataFolder, name), { recursive: true, force: true });
  }
}
