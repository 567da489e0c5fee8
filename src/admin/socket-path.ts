import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { socketPathBytesMax } from './limits.ts';

/** The admin API's socket in a data folder. */
export function socketOf(dataFolder: string): string {
  return join(resolve(dataFolder), 'admin.sock');
}

/**
 * Hands `use` a path to the socket that the operating system takes: Unix sockets have short paths only. Where the data
 * folder's own is too long, a link to the folder stands in the folder for temporary files as long as `use` runs; the
 * socket itself is in the data folder all the same.
 */
export async function withSocketPath<Result>(
  dataFolder: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = socketOf(dataFolder);
  if (Buffer.byteLength(path) <= socketPathBytesMax) return use(path);
  const folder = mkdtempSync(join(tmpdir(), 'rapport-'));
  try {
    const link = join(folder, 'data');
    symlinkSync(resolve(dataFolder), link);
    return await use(socketOf(link));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
