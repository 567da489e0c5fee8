import { Type } from 'typebox';
import type { Project } from '../core/project.ts';
import type { Projects } from '../engine/projects.ts';
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

export const ShownProject = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  leanplumAppId: Type.Union([Type.String(), Type.Null()]),
  bloomreachToken: Type.Union([Type.String(), Type.Null()]),
  keys: Type.Integer({ description: 'how many keys are good' }),
});

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

export function findProject(projects: Projects, name: string): Project | Problem {
  return projects.byName(name) ?? new Problem('not_found', `There is no project '${name}'`);
}
