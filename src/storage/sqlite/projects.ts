import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../core/ids.ts';
import { readIdTypes } from '../../core/project/id-types.ts';
import {
  type DeclaredPermissions,
  defaultPermissions,
  type Permissions,
  readPermissions,
} from '../../core/project/permissions.ts';
import type { KeyClass, LeanplumKeyClass, Project } from '../../core/project.ts';
import { readSettings } from './project-settings.ts';

interface ProjectRow {
  readonly id: number;
  readonly name: string;
  readonly app: string | null;
  readonly token: string | null;
  readonly settings: string;
}

interface KeyRow {
  readonly class: KeyClass;
  readonly keyId: string;
  readonly hash: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly expiresMs: number | null;
  readonly permissions: string | null;
}

/** All projects, with the keys that are good now; a secret that ends later says so. */
export function loadProjects(database: DatabaseSync, nowMs: number): Project[] {
  const projects = database
    .prepare(
      'SELECT id, name, leanplum_app AS app, bloomreach_token AS token, settings FROM projects ORDER BY id',
    )
    .all() as unknown as ProjectRow[];
  const keysOf = database.prepare(
    'SELECT class, key_id AS keyId, hash, sealed, expires_ms AS expiresMs, permissions FROM keys WHERE project_id = ? AND revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?)',
  );
  return projects.map(({ id, name, app, token, settings: stored }) => {
    const settings = readSettings(stored);
    const keys = keysOf.all(id, nowMs) as unknown as KeyRow[];
    return {
      id: id as ProjectId,
      name,
      leanplumApp: app,
      bloomreachToken: token,
      settings,
      idTypes: readIdTypes(settings.ids),
      leanplumKeys: keys
        .filter((key) => key.class !== 'public' && key.class !== 'private')
        .map((key) => ({ class: key.class as LeanplumKeyClass, hash: key.hash })),
      publicTokens: keys
        .filter((key) => key.class === 'public')
        .map((key) => ({ hash: key.hash, permissions: permissionsOf('public', key) })),
      privateKeys: keys
        .filter((key) => key.class === 'private')
        .map((key) => ({
          id: key.keyId,
          hash: key.hash,
          sealed: key.sealed,
          expiresMs: key.expiresMs,
          permissions: permissionsOf('private', key),
        })),
    };
  });
}

function permissionsOf(kind: 'public' | 'private', { permissions }: KeyRow): Permissions {
  const declared = permissions === null ? undefined : (JSON.parse(permissions) as DeclaredPermissions);
  return readPermissions(declared ?? defaultPermissions[kind]);
}
