import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../core/ids.ts';
import { type DeclaredPermissions, defaultPermissions } from '../../core/project/permissions.ts';
import type { KeyClass } from '../../core/project.ts';
import type { NewKey, ProjectChange, ProjectsChanged, StoredKey } from '../../engine/project-store.ts';
import { nameSecret } from '../../lib/secret.ts';
import { changeSettings, type SettingsRefused } from './project-settings.ts';
import { loadProjects } from './projects.ts';

/** Makes one change to projects or keys in a transaction of its own. On disk when it returns. */
export function changeProjects(
  database: DatabaseSync,
  change: ProjectChange,
  nowMs: number,
): ProjectsChanged {
  database.exec('BEGIN IMMEDIATE');
  try {
    const refused = carryOut(database, change, nowMs);
    database.exec(refused === undefined ? 'COMMIT' : 'ROLLBACK');
    if (refused === undefined) return { problem: undefined, projects: loadProjects(database, nowMs) };
    return typeof refused === 'string' ? { problem: refused } : refused;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

type Problem = Exclude<NonNullable<ProjectsChanged['problem']>, SettingsRefused['problem']>;

function carryOut(
  database: DatabaseSync,
  change: ProjectChange,
  nowMs: number,
): Problem | SettingsRefused | undefined {
  switch (change.do) {
    case 'create':
      return createProject(database, change, nowMs);
    case 'add_key':
      addKey(database, change.project, change.key, nowMs);
      return undefined;
    case 'revoke_key':
      return revokeKey(database, change, nowMs);
    case 'rotate_key':
      return rotateKey(database, change, nowMs);
    case 'set_permissions':
      return setPermissions(database, change, nowMs);
    case 'set_settings':
      return changeSettings(database, change.project, change.settings);
  }
}

function createProject(
  database: DatabaseSync,
  { name, leanplumApp, bloomreachToken, keys }: Extract<ProjectChange, { do: 'create' }>,
  nowMs: number,
): Problem | undefined {
  const find = (column: string, value: string) =>
    database.prepare(`SELECT id FROM projects WHERE ${column} = ?`).get(value) as { id: number } | undefined;
  if (find('name', name) !== undefined) return 'name_taken';
  if (find('leanplum_app', leanplumApp) !== undefined) return 'app_taken';
  if (find('bloomreach_token', bloomreachToken) !== undefined) return 'token_taken';
  const { lastInsertRowid } = database
    .prepare('INSERT INTO projects (name, leanplum_app, bloomreach_token) VALUES (?, ?, ?)')
    .run(name, leanplumApp, bloomreachToken);
  for (const key of keys) addKey(database, Number(lastInsertRowid) as ProjectId, key, nowMs);
  return undefined;
}

function addKey(database: DatabaseSync, project: ProjectId, key: NewKey, nowMs: number): void {
  database
    .prepare(
      'INSERT INTO keys (project_id, class, key_id, hash, created_ms, sealed, permissions) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run(
      project,
      key.class,
      key.keyId,
      key.hash,
      nowMs,
      key.sealed,
      key.permissions && JSON.stringify(key.permissions),
    );
}

/** A key that is revoked already stays so, with its first date. */
function revokeKey(
  database: DatabaseSync,
  { project, key }: Extract<ProjectChange, { do: 'revoke_key' }>,
  nowMs: number,
): Problem | undefined {
  const { changes } = database
    .prepare(`UPDATE keys SET revoked_ms = coalesce(revoked_ms, ?) WHERE project_id = ? AND ${isNamed}`)
    .run(nowMs, project, key);
  return changes === 0 ? 'no_such_key' : undefined;
}

/** The name of a key (see `nameSecret`) in SQL. */
const isNamed = 'lower(hex(substr(hash, 1, 8))) = ?';
/** A key that lets somebody in at some time. */
const isGood = 'revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?)';

interface GoodKey {
  readonly class: KeyClass;
  readonly keyId: string;
  readonly hash: Uint8Array;
  readonly permissions: string | null;
}

function findGoodKey(
  database: DatabaseSync,
  { project, key }: { project: ProjectId; key: string },
  nowMs: number,
): GoodKey | undefined {
  return database
    .prepare(
      `SELECT class, key_id AS keyId, hash, permissions FROM keys WHERE project_id = ? AND ${isNamed} AND ${isGood}`,
    )
    .get(project, key, nowMs) as GoodKey | undefined;
}

function rotateKey(
  database: DatabaseSync,
  change: Extract<ProjectChange, { do: 'rotate_key' }>,
  nowMs: number,
): Problem | undefined {
  const found = findGoodKey(database, change, nowMs);
  if (found === undefined) return 'no_such_key';
  if (found.class !== 'private') return 'wrong_class';
  // Of the secrets there are, one that was to end anyhow ends now.
  database
    .prepare(
      `UPDATE keys SET expires_ms = CASE WHEN expires_ms IS NULL THEN ? ELSE ? END WHERE project_id = ? AND class = 'private' AND key_id = ? AND ${isGood}`,
    )
    .run(change.untilMs, nowMs, change.project, found.keyId, nowMs);
  const { project, hash, sealed } = change;
  const permissions =
    found.permissions === null ? null : (JSON.parse(found.permissions) as DeclaredPermissions);
  addKey(database, project, { class: 'private', keyId: found.keyId, hash, sealed, permissions }, nowMs);
  return undefined;
}

function setPermissions(
  database: DatabaseSync,
  change: Extract<ProjectChange, { do: 'set_permissions' }>,
  nowMs: number,
): Problem | undefined {
  const found = findGoodKey(database, change, nowMs);
  if (found === undefined) return 'no_such_key';
  if (found.class !== 'private' && found.class !== 'public') return 'wrong_class';
  writePermissions(database, { ...found, project: change.project }, change.permissions);
  return undefined;
}

/** The rights of a private key are those of all its secrets (decision 100); public tokens have no id in common. */
export function writePermissions(
  database: DatabaseSync,
  key: { project: number; class: KeyClass; keyId: string; hash: Uint8Array },
  permissions: DeclaredPermissions,
): void {
  const [which, value] = key.class === 'private' ? ['key_id', key.keyId] : ['hash', key.hash];
  database
    .prepare(`UPDATE keys SET permissions = ? WHERE project_id = ? AND class = ? AND ${which} = ?`)
    .run(JSON.stringify(permissions), key.project, key.class, value as string | Uint8Array);
}

interface KeyRow extends GoodKey {
  readonly createdMs: number | null;
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

/** Every key a project ever had, oldest first. */
export function readKeys(database: DatabaseSync, project: ProjectId): StoredKey[] {
  const rows = database
    .prepare(
      'SELECT hash, class, key_id AS keyId, created_ms AS createdMs, expires_ms AS expiresMs, revoked_ms AS revokedMs, permissions FROM keys WHERE project_id = ? ORDER BY created_ms, class, key_id, hash',
    )
    .all(project) as unknown as KeyRow[];
  return rows.map(({ hash, permissions, ...key }) => ({
    id: nameSecret(hash),
    ...key,
    permissions: showPermissions(key.class, permissions),
  }));
}

function showPermissions(kind: KeyClass, stored: string | null): DeclaredPermissions | null {
  if (stored !== null) return JSON.parse(stored) as DeclaredPermissions;
  return kind === 'public' || kind === 'private' ? defaultPermissions[kind] : null;
}
