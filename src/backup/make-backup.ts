import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyDatabase, findDamage, readFacts } from '../storage/sqlite/snapshot.ts';
import { copyFile, filesBelow, hashWhile, linkFile, syncPath } from './files.ts';
import { BackupError, databaseName, historyName, type Manifest, manifestName } from './manifest.ts';

/** What is being done, and how far it is. */
export interface Progress {
  readonly step: 'copying' | 'checking' | 'done';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface BackupOptions {
  readonly dataFolder: string;
  /** Absent, or empty. */
  readonly target: string;
  readonly nowMs: number;
  readonly version: string;
  readonly onProgress: (progress: Progress) => void;
}

/** History files come and go while they are copied; each round brings the few that are new, so one is mostly enough. */
const roundsMax = 10;

/**
 * Copies a data folder that may be in use, consistently: everything that was acknowledged before the call. Sealed
 * history files never change, so they are linked where the target is on the same file system. The manifest with all
 * checksums is written last. Synchronous: runs in a thread of its own. Throws `BackupError`, or what the disk says;
 * then what was written is removed again.
 */
export function makeBackup(options: BackupOptions): Manifest {
  const { target } = options;
  prepareTarget(target);
  try {
    return fillTarget(options);
  } catch (error) {
    for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true, force: true });
    throw error;
  }
}

function prepareTarget(target: string): void {
  try {
    mkdirSync(target, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new BackupError(`${target} cannot be made: ${(error as Error).message}`);
  }
  if (readdirSync(target).length > 0) throw new BackupError(`${target} is not empty`);
}

function fillTarget({ dataFolder, target, nowMs, version, onProgress }: BackupOptions): Manifest {
  const source = join(dataFolder, databaseName);
  const database = join(target, databaseName);
  const counter = new Counter(onProgress);
  counter.start('copying', bytesOf(source) + bytesOf(`${source}-wal`));
  const files = copyConsistently({ source, database, dataFolder, target, counter });

  counter.start(
    'checking',
    files.reduce((sum, path) => sum + bytesOf(join(target, path)), 0),
  );
  const damage = findDamage(database);
  if (damage !== undefined)
    throw new BackupError(`The database is damaged, so there is no backup of it: ${damage}`);
  const entries = files.map((path) => ({ path, ...hashWhile(join(target, path), counter.add) }));

  for (const folder of foldersOf(files)) syncPath(join(target, folder));
  const { schema } = readFacts(database);
  const manifest: Manifest = { format: 1, createdMs: nowMs, version, schema, files: entries };
  const unfinished = join(target, `${manifestName}.unfinished`);
  writeFileSync(unfinished, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true, mode: 0o600 });
  renameSync(unfinished, join(target, manifestName));
  syncPath(target);
  syncPath(dirname(target));
  counter.finish();
  return manifest;
}

interface CopyOptions {
  readonly source: string;
  readonly database: string;
  readonly dataFolder: string;
  readonly target: string;
  readonly counter: Counter;
}

/**
 * The history files first, as far as they are known, then the database, then the files that came into it meanwhile. A
 * file that the copied database names may be gone by then, merged into another: then the database is copied again.
 */
function copyConsistently({ source, database, dataFolder, target, counter }: CopyOptions): string[] {
  const take = (paths: readonly string[]) => {
    return paths.filter((path) => !takeHistoryFile({ dataFolder, target, path, counter }));
  };
  for (let round = 1; round <= roundsMax; round++) {
    take(readFacts(source).historyFiles);
    rmSync(database, { force: true });
    copyDatabase(source, database, (from, to) => copyFile(from, to, counter.add));
    const { historyFiles } = readFacts(database);
    if (take(historyFiles).length > 0) continue;
    removeUnnamed(join(target, historyName), new Set(historyFiles));
    return [databaseName, ...historyFiles.map((path) => `${historyName}/${path}`)];
  }
  throw new BackupError('The history changes faster than it can be copied, or lacks files that it names');
}

/** False when the file is not there any more. */
function takeHistoryFile(options: {
  dataFolder: string;
  target: string;
  path: string;
  counter: Counter;
}): boolean {
  const { dataFolder, target, path, counter } = options;
  const to = join(target, historyName, path);
  if (existsSync(to)) return true;
  const from = join(dataFolder, historyName, path);
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  try {
    linkFile(from, to, counter.add);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw error;
  }
}

/** Copied in an earlier round, and merged into another file since. */
function removeUnnamed(folder: string, named: ReadonlySet<string>): void {
  for (const path of filesBelow(folder)) if (!named.has(path)) rmSync(join(folder, path));
}

function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of files) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Adds up bytes, and tells of it now and then. */
class Counter {
  readonly #onProgress: BackupOptions['onProgress'];
  #step: Progress['step'] = 'copying';
  #done = 0;
  #total = 0;

  constructor(onProgress: BackupOptions['onProgress']) {
    this.#onProgress = onProgress;
  }

  start(step: Progress['step'], totalBytes: number): void {
    this.#step = step;
    this.#done = 0;
    this.#total = totalBytes;
    this.#tell();
  }

  finish(): void {
    this.#step = 'done';
    this.#done = this.#total;
    this.#tell();
  }

  readonly add = (bytes: number): void => {
    this.#done += bytes;
    this.#tell();
  };

  #tell(): void {
    const doneBytes = this.#total === 0 ? 0 : Math.min(this.#done, this.#total);
    this.#onProgress({ step: this.#step, doneBytes, totalBytes: this.#total });
  }
}
