import { type Static, Type } from 'typebox';
import {
  keyClasses,
  makeBloomreachToken,
  makeKey,
  makeLeanplumApp,
  storeKey,
} from '../../engine/new-keys.ts';
import type { ProjectsChanged } from '../../engine/project-store.ts';
import { unreachable } from '../../lib/assert.ts';
import { hashSecret, nameSecret } from '../../lib/secret.ts';
import { defineAction } from '../action.ts';
import { idMax, nameMax } from '../limits.ts';
import { Problem } from '../problem.ts';
import { CreatedKey, ShownProject, showProject } from '../shared.ts';

const Body = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: nameMax, pattern: '^[^\\p{Cc}]+$' }),
    leanplumAppId: Type.Optional(
      Type.String({ minLength: 1, maxLength: idMax, description: 'left out: a new one' }),
    ),
    bloomreachToken: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
        description: 'a UUID; left out: a new one',
      }),
    ),
  },
  { additionalProperties: false },
);

export const createProject = defineAction({
  name: 'createProject',
  method: 'POST',
  path: '/projects',
  summary: 'A new project with one key of every class; the keys are shown this once.',
  body: Body,
  status: 201,
  result: Type.Object({ project: ShownProject, keys: Type.Array(CreatedKey) }),

  async handle({ body }, { projects, store, seal, clock }) {
    const made = keyClasses.map(makeKey);
    const stored = made.map((key) => storeKey(key, seal));
    const changed = await store.changeProjects(
      {
        do: 'create',
        name: body.name,
        leanplumApp: body.leanplumAppId ?? makeLeanplumApp(),
        // Project tokens are UUIDs: letter case does not matter.
        bloomreachToken: (body.bloomreachToken ?? makeBloomreachToken()).toLowerCase(),
        keys: stored,
      },
      Math.floor(clock()),
    );
    if (changed.problem !== undefined) return explain(changed.problem, body);
    projects.replace(changed.projects);
    const project = projects.byName(body.name);
    if (project === undefined) return new Problem('internal', 'The project was made and is not there');
    const keys = made.map((key) => ({ id: nameSecret(hashSecret(key.value)), ...key }));
    return { project: showProject(project), keys };
  },
});

function explain(
  problem: NonNullable<ProjectsChanged['problem']>,
  { name, leanplumAppId, bloomreachToken }: Static<typeof Body>,
): Problem {
  switch (problem) {
    case 'name_taken':
      return new Problem('conflict', `There is a project '${name}' already`);
    case 'app_taken':
      return new Problem('conflict', `Another project has the Leanplum app id '${leanplumAppId}'`);
    case 'token_taken':
      return new Problem('conflict', `Another project has the Bloomreach token '${bloomreachToken}'`);
    case 'no_such_key':
    case 'wrong_class':
    case 'ids_wrong':
    case 'ids_in_use':
      return new Problem('internal', 'No key and no setting was asked for');
    default:
      return unreachable(problem);
  }
}
