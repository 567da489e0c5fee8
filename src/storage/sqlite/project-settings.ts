import type { DatabaseSync } from 'node:sqlite';
import { type DeclaredIds, findIdsProblem, findInTheWay } from '../../core/project/id-types.ts';
import { type DeclaredSettings, defaultSettings, type ProjectSettings } from '../../core/project.ts';

/** Why settings are not changed. */
export interface SettingsRefused {
  /** The declaration of id types is wrong as such, or ids that somebody has are in the way. */
  readonly problem: 'ids_wrong' | 'ids_in_use';
  readonly reason: string;
}

/** Sets what is given; the rest stays. Inside the caller's transaction, which has to end when it is refused. */
export function changeSettings(
  database: DatabaseSync,
  project: number,
  given: DeclaredSettings,
): SettingsRefused | undefined {
  if (Object.keys(given).length === 0) return undefined;
  const row = database.prepare('SELECT settings FROM projects WHERE id = ?').get(project) as {
    settings: string;
  };
  if (given.ids !== undefined) {
    const refused = refuseIds(database, project, {
      before: readSettings(row.settings).ids,
      after: given.ids,
    });
    if (refused !== undefined) return refused;
  }
  const settings = { ...(JSON.parse(row.settings) as DeclaredSettings), ...given };
  database.prepare('UPDATE projects SET settings = ? WHERE id = ?').run(JSON.stringify(settings), project);
  return undefined;
}

function refuseIds(
  database: DatabaseSync,
  project: number,
  { before, after }: { readonly before: DeclaredIds; readonly after: DeclaredIds },
): SettingsRefused | undefined {
  const wrong = findIdsProblem(after);
  if (wrong !== undefined) return { problem: 'ids_wrong', reason: wrong };
  const find = database.prepare('SELECT 1 FROM identities WHERE project_id = ? AND kind = ? LIMIT 1');
  for (const [kind, reason] of findInTheWay(before, after)) {
    if (find.get(project, kind) !== undefined) return { problem: 'ids_in_use', reason };
  }
  return undefined;
}

/** A project's settings from what is stored: what nobody has set is as this version has it. */
export function readSettings(stored: string): ProjectSettings {
  const { ids, consentCategories, privateProperties, legacySingleErrors200 } = JSON.parse(
    stored,
  ) as DeclaredSettings;
  return {
    ids: ids ?? defaultSettings.ids,
    consentCategories:
      consentCategories?.map((it) => ({
        id: it.id,
        name: it.name,
        description: it.description ?? null,
        legitimateInterest: it.legitimateInterest ?? false,
      })) ?? defaultSettings.consentCategories,
    privateProperties: privateProperties ?? defaultSettings.privateProperties,
    legacySingleErrors200: legacySingleErrors200 ?? defaultSettings.legacySingleErrors200,
  };
}
