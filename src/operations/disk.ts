import { readdir, stat, statfs } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Bytes in the data folder by what they are, and what the file system still has room for. */
export async function measureDisk(dataFolder: string) {
  const use = { databaseBytes: 0, walBytes: 0, historyBytes: 0, otherBytes: 0, freeBytes: 0 };
  for (const entry of await readdir(dataFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    use[partOf(path.slice(join(dataFolder).length))] += await sizeOf(path);
  }
  const { bavail, bsize } = await statfs(dataFolder);
  return { ...use, freeBytes: bavail * bsize };
}

function partOf(path: string): 'databaseBytes' | 'walBytes' | 'historyBytes' | 'otherBytes' {
  const [first] = path.split(sep).filter((part) => part !== '');
  if (first === 'rapport.sqlite') return 'databaseBytes';
  if (first === 'rapport.sqlite-wal') return 'walBytes';
  return first === 'history' ? 'historyBytes' : 'otherBytes';
}

/** A file may be gone by the time it is looked at. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
