import { Type } from 'typebox';
import { hashKey, makeKey } from '../../engine/new-keys.ts';
import { nameSecret } from '../../lib/secret.ts';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { CreatedKey, findProject, KeyClass, ProjectParams } from '../shared.ts';

export const createKey = defineAction({
  name: 'createKey',
  method: 'POST',
  path: '/projects/:project/keys',
  summary: 'A new key; its value is shown this once. It is good at once.',
  params: ProjectParams,
  body: Type.Object({ class: KeyClass }, { additionalProperties: false }),
  status: 201,
  result: Type.Object({ key: CreatedKey }),

  async handle({ params, body }, { projects, store, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const made = makeKey(body.class);
    const key = hashKey(made);
    const changed = await store.changeProjects(
      { do: 'add_key', project: project.id, key },
      Math.floor(clock()),
    );
    if (changed.problem !== undefined) return new Problem('internal', changed.problem);
    projects.replace(changed.projects);
    return { key: { id: nameSecret(key.hash), ...made } };
  },
});
