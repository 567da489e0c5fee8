import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** Written last: a folder without it is no backup, whatever else it holds. */
export const manifestName = 'manifest.json';
export const databaseName = 'rapport.sqlite';
export const historyName = 'history';

/** Only names that this program writes: nothing that leads out of the folder. */
const Path = Type.String({
  pattern: '^(rapport\\.sqlite|history(/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)+)$',
  maxLength: 1_000,
});

const ManifestFile = Type.Object({
  format: Type.Literal(1),
  createdMs: Type.Number(),
  /** Of the server that made it. */
  version: Type.String(),
  /** Of the database. */
  schema: Type.Number(),
  files: Type.Array(
    Type.Object({ path: Path, bytes: Type.Number(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
  ),
});
const check = Compile(ManifestFile);

export type Manifest = Static<typeof ManifestFile>;
export type ManifestEntry = Manifest['files'][number];

/** The backup or its target is not as it has to be; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Reads and checks the manifest of a backup. Throws `BackupError`. */
export function readManifest(folder: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(folder, manifestName), 'utf8');
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new BackupError(`${folder} cannot be read: ${message}`);
    throw new BackupError(
      `${folder} is no complete backup: it has no ${manifestName}, which is written last`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!check.Check(value))
    throw new BackupError(`${folder}/${manifestName} is not one that this version can read`);
  const paths = new Set(value.files.map((file) => file.path));
  if (paths.size !== value.files.length || !paths.has(databaseName)) {
    throw new BackupError(`${folder}/${manifestName} does not name each file once, or not the database`);
  }
  return value;
}
