import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/** Another process has the data folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

/** The data folder, held by this process until it ends, however it ends. */
export interface FolderLock {
  /** Tells a second server who holds the folder. */
  describe(text: string): void;
  release(): void;
}

/**
 * Takes the data folder. SQLite's exclusive lock on a file of its own is a lock of the operating system: it is gone
 * the moment the process is, so nothing has to be cleaned up after a crash. Throws `FolderInUse`.
 */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'holder.txt');
  const database = new DatabaseSync(join(folder, 'lock.sqlite'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
    throw new FolderInUse(`The data folder ${folder} is in use by ${readHolder(holderFile)}`);
  }
  const describe = (text: string) => writeFileSync(holderFile, `${text}\n`);
  describe(`process ${process.pid}`);
  return { describe, release: () => database.close() };
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'another process';
  }
}
