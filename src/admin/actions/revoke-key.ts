import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { findProject, KeyParams, keyProblem } from '../shared.ts';

export const revokeKey = defineAction({
  name: 'revokeKey',
  method: 'DELETE',
  path: '/projects/:project/keys/:key',
  summary: 'Revokes a key: no request that comes after the answer gets in with it. There is no way back.',
  params: KeyParams,
  result: Type.Object({ revoked: Type.String() }),

  async handle({ params }, { projects, store, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const changed = await store.changeProjects(
      { do: 'revoke_key', project: project.id, key: params.key.toLowerCase() },
      Math.floor(clock()),
    );
    if (changed.problem !== undefined) return keyProblem(changed.problem, params);
    projects.replace(changed.projects);
    return { revoked: params.key.toLowerCase() };
  },
});
