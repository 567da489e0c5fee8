import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where DuckDB may write what does not fit into memory. */
export function temporaryFolder(folder: string): string {
  return join(folder, 'temporary');
}

/** Makes the folders of the history. At the start of the server: later there may be no room, and reading needs none. */
export function makeFolders(folder: string): void {
  mkdirSync(temporaryFolder(folder), { recursive: true, mode: 0o700 });
}
