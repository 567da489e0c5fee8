import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The database's name while a restore copies. */
export const unfinishedRestoreName = 'rapport.sqlite.restoring';

/** Whether a restore into this folder was broken off: a server that started there would start empty. */
export function hasUnfinishedRestore(dataFolder: string): boolean {
  return existsSync(join(dataFolder, unfinishedRestoreName));
}
