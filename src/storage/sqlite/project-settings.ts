import type { DatabaseSync } from 'node:sqlite';
import { type DeclaredSettings, defaultSettings, type ProjectSettings } from '../../core/project.ts';

/** Sets what is given; the rest stays. Inside the caller's transaction. */
export function changeSettings(database: DatabaseSync, project: number, given: DeclaredSettings): void {
  if (Object.keys(given).length === 0) return;
  const row = database.prepare('SELECT settings FROM projects WHERE id = ?').get(project) as {
    settings: string;
  };
  const settings = { ...(JSON.parse(row.settings) as DeclaredSettings), ...given };
  database.prepare('UPDATE projects SET settings = ? WHERE id = ?').run(JSON.stringify(settings), project);
}

/** A project's settings from what is stored: what nobody has set is as this version has it. */
export function readSettings(stored: string): ProjectSettings {
  const { consentCategories, privateProperties, legacySingleErrors200 } = JSON.parse(
    stored,
  ) as DeclaredSettings;
  return {
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
