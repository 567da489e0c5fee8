import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join, sep } from 'node:path';

const chunkBytes = 4 * 1024 * 1024;

/** Told of bytes as they are worked on. */
export type OnBytes = (bytes: number) => void;

/**
 * Copies what `from` holds when it is read and syncs the copy. Shares the blocks where the file system can do that.
 * In pieces otherwise, so that a thread that does this can be stopped. `to` must not exist.
 */
export function copyFile(from: string, to: string, onBytes: OnBytes): void {
  if (!cloneFile(from, to)) hashWhile(from, onBytes, to);
  syncPath(to);
}

function cloneFile(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') throw error;
    return false;
  }
}

/** The same file under a second name where that is possible, otherwise a copy: for files that never change. */
export function linkFile(from: string, to: string, onBytes: OnBytes): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'EEXIST') throw error;
    copyFile(from, to, onBytes);
  }
}

/** Hexadecimal SHA-256 of a file, and its length; what is read is also written to `copyTo` if that is given. */
export function hashWhile(
  file: string,
  onBytes: OnBytes,
  copyTo?: string,
): { sha256: string; bytes: number } {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const input = openSync(file, 'r');
  let output: number | undefined;
  let bytes = 0;
  try {
    if (copyTo !== undefined) output = openSync(copyTo, 'wx', 0o600);
    for (;;) {
      const length = readSync(input, buffer);
      if (length === 0) return { sha256: hash.digest('hex'), bytes };
      const chunk = buffer.subarray(0, length);
      hash.update(chunk);
      if (output !== undefined) writeAll(output, chunk);
      bytes += length;
      onBytes(length);
    }
  } finally {
    closeSync(input);
    if (output !== undefined) closeSync(output);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Makes a file's content, or a folder's names, safe from a crash. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The files below a folder, as paths from it with forward slashes, sorted; none when it does not exist. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'))
    .sort();
}
