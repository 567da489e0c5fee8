import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../core/ids.ts';
import type { KeyClass } from '../../core/project.ts';
import type { NewKey, ProjectChange, ProjectsChanged, StoredKey } from '../../engine/store.ts';
import { nameSecret } from '../../lib/secret.ts';
import { loadProjects } from './projects.ts';

/** Makes one change to projects or keys in a transaction of its own. On disk when it returns. */
export function changeProjects(
  database: DatabaseSync,
  change: ProjectChange,
  nowMs: number,
): ProjectsChanged {
  database.exec('BEGIN IMMEDIATE');
  try {
    const problem = carryOut(database, change, nowMs);
    database.exec(problem === undefined ? 'COMMIT' : 'ROLLBACK');
    return problem === undefined ? { problem, projects: loadProjects(database) } : { problem };
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

type Problem = NonNullable<ProjectsChanged['problem']>;

function carryOut(database: DatabaseSync, change: ProjectChange, nowMs: number): Problem | undefined {
  switch (change.do) {
    case 'create':
      return createProject(database, change, nowMs);
    case 'add_key':
      addKey(database, change.project, change.key, nowMs);
      return undefined;
    case 'revoke_key':
      return revokeKey(database, change, nowMs);
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
    .prepare('INSERT INTO keys (project_id, class, key_id, hash, created_ms) VALUES (?, ?, ?, ?, ?)')
    .run(project, key.class, key.keyId, key.hash, nowMs);
}

/** A key that is revoked already stays so, with its first date. */
function revokeKey(
  database: DatabaseSync,
  { project, key }: Extract<ProjectChange, { do: 'revoke_key' }>,
  nowMs: number,
): Problem | undefined {
  const { changes } = database
    .prepare(
      'UPDATE keys SET revoked_ms = coalesce(revoked_ms, ?) WHERE project_id = ? AND lower(hex(substr(hash, 1, 8))) = ?',
    )
    .run(nowMs, project, key);
  return changes === 0 ? 'no_such_key' : undefined;
}

/** Every key a project ever had, oldest first. */
export function readKeys(database: DatabaseSync, project: ProjectId): StoredKey[] {
  const rows = database
    .prepare(
      'SELECT hash, class, key_id AS keyId, created_ms AS createdMs, revoked_ms AS revokedMs FROM keys WHERE project_id = ? ORDER BY created_ms, class, key_id, hash',
    )
    .all(project) as {
    hash: Uint8Array;
    class: KeyClass;
    keyId: string;
    createdMs: number | null;
    revokedMs: number | null;
  }[];
  return rows.map(({ hash, ...key }) => ({ id: nameSecret(hash), ...key }));
}
