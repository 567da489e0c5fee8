import { Type } from 'typebox';
import { PermissionsSchema } from '../../setting-files.ts';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { findProject, KeyParams, keyProblem } from '../shared.ts';

export const setPermissions = defineAction({
  name: 'setPermissions',
  method: 'PUT',
  path: '/projects/:project/keys/:key/permissions',
  summary: 'What a Bloomreach key may do from now on; of a private key, with any of its secrets.',
  params: KeyParams,
  body: PermissionsSchema,
  result: Type.Object({ permissions: PermissionsSchema }),

  async handle({ params, body }, { projects, store, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const changed = await store.changeProjects(
      { do: 'set_permissions', project: project.id, key: params.key.toLowerCase(), permissions: body },
      Math.floor(clock()),
    );
    if (changed.problem !== undefined) return keyProblem(changed.problem, params);
    projects.replace(changed.projects);
    return { permissions: body };
  },
});
