import { Type } from 'typebox';
import { makeKey, storeKey } from '../../engine/new-keys.ts';
import { nameSecret } from '../../lib/secret.ts';
import { PermissionsSchema } from '../../setting-files.ts';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { CreatedKey, findProject, KeyClass, ProjectParams } from '../shared.ts';

export const createKey = defineAction({
  name: 'createKey',
  method: 'POST',
  path: '/projects/:project/keys',
  summary: 'A new key; its value is shown this once. It is good at once.',
  params: ProjectParams,
  body: Type.Object(
    { class: KeyClass, permissions: Type.Optional(PermissionsSchema) },
    { additionalProperties: false },
  ),
  status: 201,
  result: Type.Object({ key: CreatedKey }),

  async handle({ params, body }, { projects, store, seal, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const made = makeKey(body.class);
    if (body.permissions !== undefined && made.class !== 'public' && made.class !== 'private') {
      return new Problem('invalid', `Keys of the class '${made.class}' have no permissions`);
    }
    const key = storeKey(made, seal, body.permissions ?? null);
    const changed = await store.changeProjects(
      { do: 'add_key', project: project.id, key },
      Math.floor(clock()),
    );
    if (changed.problem !== undefined) return new Problem('internal', changed.problem);
    projects.replace(changed.projects);
    return { key: { id: nameSecret(key.hash), ...made } };
  },
});
