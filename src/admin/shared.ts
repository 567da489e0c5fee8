import { Type } from 'typebox';
import type { Project } from '../core/project.ts';
import type { ProjectsChanged } from '../engine/project-store.ts';
import type { Projects } from '../engine/projects.ts';
import { projectSettings } from '../setting-files.ts';
import { nameMax } from './limits.ts';
import { Problem } from './problem.ts';

/** Unix milliseconds. */
export const Time = Type.Number({ description: 'Unix time in milliseconds' });

export const KeyClass = Type.Union(
  [
    Type.Literal('production'),
    Type.Literal('development'),
    Type.Literal('dataExport'),
    Type.Literal('contentReadOnly'),
    Type.Literal('public'),
    Type.Literal('private'),
  ],
  { description: 'the four classes of Leanplum keys; public tokens and private keys of Bloomreach' },
);

export const ProjectParams = Type.Object({
  project: Type.String({ minLength: 1, maxLength: nameMax, description: "the project's name" }),
});

/** Which key of which project. */
export const KeyParams = Type.Object({
  ...ProjectParams.properties,
  key: Type.String({ minLength: 1, maxLength: 64, description: 'the id that the list shows' }),
});

export const ShownProject = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  leanplumAppId: Type.Union([Type.String(), Type.Null()]),
  bloomreachToken: Type.Union([Type.String(), Type.Null()]),
  keys: Type.Integer({ description: 'how many keys are good' }),
});

/** Every setting of a project. */
export const ShownSettings = Type.Required(Type.Object(projectSettings));

export const CreatedKey = Type.Object({
  id: Type.String({ description: 'names the key in lists and for revoking it' }),
  class: KeyClass,
  keyId: Type.String({ description: 'the public half of a private Bloomreach key; empty for the others' }),
  value: Type.String({ description: 'the key itself; this is the only time it is shown' }),
});

export function showProject(project: Project) {
  const { id, name, leanplumApp, bloomreachToken, leanplumKeys, publicTokens, privateKeys } = project;
  const keys = leanplumKeys.length + publicTokens.length + privateKeys.length;
  return { id, name, leanplumAppId: leanplumApp, bloomreachToken, keys };
}

export function showSettingsOf({ settings }: Project) {
  const { ids, consentCategories, privateProperties } = settings;
  return {
    ...settings,
    ids: { hard: [...ids.hard], soft: [...ids.soft] },
    consentCategories: [...consentCategories],
    privateProperties: [...privateProperties],
  };
}

/** Why a key could not be changed. */
export function keyProblem(
  problem: NonNullable<ProjectsChanged['problem']>,
  { project, key }: { readonly project: string; readonly key: string },
): Problem {
  if (problem === 'no_such_key') return new Problem('not_found', `Project '${project}' has no key '${key}'`);
  if (problem === 'wrong_class')
    return new Problem('invalid', `Key '${key}' is of a class that has no such thing`);
  return new Problem('internal', problem);
}

export function findProject(projects: Projects, name: string): Project | Problem {
  return projects.byName(name) ?? new Problem('not_found', `There is no project '${name}'`);
}
