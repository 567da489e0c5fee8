import type { DatabaseSync } from 'node:sqlite';
import type { ProjectId } from '../../core/ids.ts';
import type { LeanplumKeyClass, Project } from '../../core/project.ts';
import { hashSecret } from '../../lib/secret.ts';

/** A project as the bootstrap file declares it. */
export interface DeclaredProject {
  readonly name: string;
  readonly leanplum?: {
    readonly appId: string;
    readonly keys: { readonly [name in LeanplumKeyClass]?: string };
  };
  readonly bloomreach?: {
    readonly projectToken: string;
    readonly publicTokens?: readonly string[];
    readonly privateKeys?: readonly { readonly id: string; readonly secret: string }[];
  };
}

/** A declaration contradicts what the data folder holds; the message says how. */
export class DeclarationConflict extends Error {
  override readonly name = 'DeclarationConflict';
}

/**
 * Creates what is declared and not there yet, by project name. What is already so stays: a key that is not declared is
 * not removed, and a revoked key stays revoked. Throws `DeclarationConflict` when an app id or project token is declared that belongs to something else.
 */
export function declareProjects(
  database: DatabaseSync,
  declared: readonly DeclaredProject[],
  nowMs: number,
): void {
  const find = database.prepare(
    'SELECT id, leanplum_app AS app, bloomreach_token AS token FROM projects WHERE name = ?',
  );
  const create = database.prepare('INSERT INTO projects (name) VALUES (?)');
  const setApp = database.prepare('UPDATE projects SET leanplum_app = ? WHERE id = ?');
  const setToken = database.prepare('UPDATE projects SET bloomreach_token = ? WHERE id = ?');
  const addKey = database.prepare(
    'INSERT OR IGNORE INTO keys (project_id, class, key_id, hash, created_ms) VALUES (?, ?, ?, ?, ?)',
  );

  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { name, leanplum, bloomreach } of declared) {
      if (find.get(name) === undefined) create.run(name);
      const row = find.get(name) as { id: number; app: string | null; token: string | null };
      if (leanplum !== undefined) {
        if (row.app === null) setApp.run(leanplum.appId, row.id);
        else expectSame(name, 'Leanplum app', row.app, leanplum.appId);
        for (const [kind, key] of Object.entries(leanplum.keys))
          addKey.run(row.id, kind, '', hashSecret(key), nowMs);
      }
      if (bloomreach !== undefined) {
        // Project tokens are UUIDs: letter case does not matter.
        const token = bloomreach.projectToken.toLowerCase();
        if (row.token === null) setToken.run(token, row.id);
        else expectSame(name, 'Bloomreach project token', row.token, token);
        for (const token of bloomreach.publicTokens ?? [])
          addKey.run(row.id, 'public', '', hashSecret(token), nowMs);
        for (const { id, secret } of bloomreach.privateKeys ?? []) {
          addKey.run(row.id, 'private', id, hashSecret(secret), nowMs);
        }
      }
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    if (error instanceof Error && error.message.includes('UNIQUE constraint failed: projects.')) {
      throw new DeclarationConflict('An app id or project token is declared for two projects');
    }
    throw error;
  }
}

function expectSame(project: string, what: string, stored: string, declared: string): void {
  if (stored === declared) return;
  throw new DeclarationConflict(
    `Project '${project}' has the ${what} '${stored}', but '${declared}' is declared`,
  );
}

/** All projects, with the keys that are good. */
export function loadProjects(database: DatabaseSync): Project[] {
  const projects = database
    .prepare('SELECT id, name, leanplum_app AS app, bloomreach_token AS token FROM projects ORDER BY id')
    .all() as { id: number; name: string; app: string | null; token: string | null }[];
  const keysOf = database.prepare(
    'SELECT class, key_id AS keyId, hash FROM keys WHERE project_id = ? AND revoked_ms IS NULL',
  );
  return projects.map(({ id, name, app, token }) => {
    const keys = keysOf.all(id) as { class: string; keyId: string; hash: Uint8Array }[];
    return {
      id: id as ProjectId,
      name,
      leanplumApp: app,
      bloomreachToken: token,
      leanplumKeys: keys
        .filter((key) => key.class !== 'public' && key.class !== 'private')
        .map((key) => ({ class: key.class as LeanplumKeyClass, hash: key.hash })),
      publicTokens: keys.filter((key) => key.class === 'public').map((key) => key.hash),
      privateKeys: keys
        .filter((key) => key.class === 'private')
        .map((key) => ({ id: key.keyId, hash: key.hash })),
    };
  });
}
