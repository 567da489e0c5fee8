import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { newScratchFolder } from './server.ts';

/** A small file system of its own, in a file, mounted until disposed of; a refusal where mounting is not permitted. */
export function mountSmallDisk(megabytes: number): SmallDisk | { refusal: string } {
  const scratch = newScratchFolder();
  const image = join(scratch, 'image');
  const folder = join(scratch, 'disk');
  mkdirSync(folder);
  closeSync(openSync(image, 'w'));
  truncateSync(image, megabytes * 2 ** 20);
  // No blocks kept back for root, so that root meets the end of the disk as well.
  const refusal =
    run('mkfs.ext4', ['-q', '-F', '-m', '0', image]) ?? run('mount', ['-o', 'loop', image, folder]);
  if (refusal !== undefined) return { refusal };
  const unmount = () => run('umount', ['--lazy', folder]);
  process.prependListener('exit', unmount); // Before the scratch folders are removed.
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => writeUntilFull(ballast),
    makeRoom: () => rmSync(ballast),
    [Symbol.dispose]() {
      process.off('exit', unmount);
      unmount();
    },
  };
}

export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  makeRoom(): void;
}

function run(command: string, options: string[]): string | undefined {
  const done = spawnSync(command, options, { encoding: 'utf8' });
  if (done.error !== undefined) return `${command} cannot be run: ${done.error.message}`;
  return done.status === 0 ? undefined : `${command} failed: ${done.stderr.trim()}`;
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'w');
  const chunk = Buffer.alloc(4096, 'x');
  try {
    for (;;) writeSync(file, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  fsyncSync(file);
  closeSync(file);
}
