import type { DatabaseSync } from 'node:sqlite';
import type { DeclaredPermissions } from '../../core/project/permissions.ts';
import type { DeclaredSettings, KeyClass, LeanplumKeyClass } from '../../core/project.ts';
import { hashSecret } from '../../lib/secret.ts';
import { writePermissions } from './change-projects.ts';
import { changeSettings } from './project-settings.ts';

/** A project as the bootstrap file declares it. */
export interface DeclaredProject {
  readonly name: string;
  readonly leanplum?: {
    readonly appId: string;
    readonly keys: { readonly [name in LeanplumKeyClass]?: string };
  };
  readonly bloomreach?: DeclaredSettings & {
    readonly projectToken: string;
    readonly publicTokens?: readonly (string | DeclaredToken)[];
    readonly privateKeys?: readonly DeclaredPrivateKey[];
  };
}

interface DeclaredToken {
  readonly token: string;
  readonly permissions?: DeclaredPermissions;
}

interface DeclaredPrivateKey {
  readonly id: string;
  readonly secret: string;
  readonly permissions?: DeclaredPermissions;
}

export interface DeclareOptions {
  readonly nowMs: number;
  /** Encrypts the secret of a private key (see `SecretBox`). */
  readonly seal: (secret: string) => Uint8Array;
}

/** A declaration contradicts itself or what the data folder holds; the message says how. */
export class DeclarationConflict extends Error {
  override readonly name = 'DeclarationConflict';
}

/**
 * Creates what is declared and not there yet, by project name. What is already so stays: a key that is not declared is
 * not removed, and a revoked key stays revoked. Permissions and settings that are declared hold again from each start.
 * Throws `DeclarationConflict` when an app id or project token is declared that belongs to something else, and when id types
 * cannot be so (see `changeSettings`).
 */
export function declareProjects(
  database: DatabaseSync,
  declared: readonly DeclaredProject[],
  options: DeclareOptions,
): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const project of declared) declareProject(database, project, options);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    if (error instanceof Error && error.message.includes('UNIQUE constraint failed: projects.')) {
      throw new DeclarationConflict('An app id or project token is declared for two projects');
    }
    throw error;
  }
}

function declareProject(
  database: DatabaseSync,
  { name, leanplum, bloomreach }: DeclaredProject,
  options: DeclareOptions,
): void {
  const find = database.prepare(
    'SELECT id, leanplum_app AS app, bloomreach_token AS token FROM projects WHERE name = ?',
  );
  if (find.get(name) === undefined) database.prepare('INSERT INTO projects (name) VALUES (?)').run(name);
  const row = find.get(name) as { id: number; app: string | null; token: string | null };
  const declareKey = prepareDeclareKey(database, row.id, options);
  if (leanplum !== undefined) {
    if (row.app !== null) expectSame(name, 'Leanplum app', row.app, leanplum.appId);
    database.prepare('UPDATE projects SET leanplum_app = ? WHERE id = ?').run(leanplum.appId, row.id);
    for (const [kind, secret] of Object.entries(leanplum.keys)) {
      declareKey({ class: kind as LeanplumKeyClass, secret });
    }
  }
  if (bloomreach !== undefined) {
    const { projectToken, publicTokens = [], privateKeys = [] } = bloomreach;
    // Project tokens are UUIDs: letter case does not matter.
    const token = projectToken.toLowerCase();
    if (row.token !== null) expectSame(name, 'Bloomreach project token', row.token, token);
    database.prepare('UPDATE projects SET bloomreach_token = ? WHERE id = ?').run(token, row.id);
    for (const it of publicTokens) {
      const { token: secret, ...more } = typeof it === 'string' ? { token: it } : it;
      declareKey({ class: 'public', secret, ...more });
    }
    for (const key of privateKeys) declareKey({ class: 'private', ...key });
    const refused = changeSettings(database, row.id, settingsOf(bloomreach));
    if (refused !== undefined) throw new DeclarationConflict(`Project '${name}': ${refused.reason}`);
  }
}

/** The settings alone: the file may hold members that nobody knows. */
function settingsOf({
  ids,
  consentCategories,
  privateProperties,
  legacySingleErrors200,
}: DeclaredSettings): DeclaredSettings {
  return {
    ...(ids !== undefined && { ids }),
    ...(consentCategories !== undefined && { consentCategories }),
    ...(privateProperties !== undefined && { privateProperties }),
    ...(legacySingleErrors200 !== undefined && { legacySingleErrors200 }),
  };
}

interface KeyToDeclare {
  readonly class: KeyClass;
  readonly id?: string;
  readonly secret: string;
  readonly permissions?: DeclaredPermissions;
}

/** Secrets are sealed anew each time: for keys from before that was done, and for when the key file was lost. */
function prepareDeclareKey(database: DatabaseSync, project: number, { nowMs, seal }: DeclareOptions) {
  const add = database.prepare(
    'INSERT OR IGNORE INTO keys (project_id, class, key_id, hash, created_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const setSealed = database.prepare(
    'UPDATE keys SET sealed = ? WHERE project_id = ? AND class = ? AND key_id = ? AND hash = ?',
  );
  return ({ class: kind, id: keyId = '', secret, permissions }: KeyToDeclare): void => {
    const hash = hashSecret(secret);
    const key = [project, kind, keyId, hash] as const;
    add.run(...key, nowMs);
    if (kind === 'private') setSealed.run(seal(secret), ...key);
    if (permissions !== undefined)
      writePermissions(database, { project, class: kind, keyId, hash }, permissions);
  };
}

function expectSame(project: string, what: string, stored: string, declared: string): void {
  if (stored === declared) return;
  throw new DeclarationConflict(
    `Project '${project}' has the ${what} '${stored}', but '${declared}' is declared`,
  );
}
