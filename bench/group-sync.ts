import { type FileHandle, open } from 'node:fs/promises';

const pageBytes = 4096;
/** Written over again and again, as a log would be. */
const pagesMax = 4096;

/**
 * Writes a page and syncs it, once for all who wait together: the least that any server must do that answers when it is on
 * disk, and nothing of what such a server is for.
 */
export class GroupSync {
  readonly #file: FileHandle;
  readonly #page = Buffer.alloc(pageBytes, 1);
  #at = 0;
  #waiting: (() => void)[] = [];
  #isBusy = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes the file. */
  static async open(path: string): Promise<GroupSync> {
    const file = await open(path, 'w');
    await file.write(Buffer.alloc(pagesMax * pageBytes, 1));
    await file.sync();
    return new GroupSync(file);
  }

  /** Resolves after a sync that began after this call. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (!this.#isBusy) setImmediate(() => this.#isBusy || this.#syncAll());
    return promise;
  }

  async #syncAll(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      await this.#file.write(this.#page, 0, pageBytes, this.#at * pageBytes);
      await this.#file.datasync();
      this.#at = (this.#at + 1) % pagesMax;
      for (const resolve of waiting) resolve();
    }
    this.#isBusy = false;
  }
}
