import { Type } from 'typebox';
import { hashSecret, nameSecret, newSecret } from '../../lib/secret.ts';
import { defineAction } from '../action.ts';
import { secretOverlapMs } from '../limits.ts';
import { Problem } from '../problem.ts';
import { CreatedKey, findProject, KeyParams, keyProblem, Time } from '../shared.ts';

export const rotateKey = defineAction({
  name: 'rotateKey',
  method: 'POST',
  path: '/projects/:project/keys/:key/rotate',
  summary: 'A new secret for a private key, shown this once; the one before it works for another 24 hours.',
  params: KeyParams,
  status: 201,
  result: Type.Object({ key: CreatedKey, previousUntilMs: Time }),

  async handle({ params }, { projects, store, seal, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const nowMs = Math.floor(clock());
    const untilMs = nowMs + secretOverlapMs;
    const value = newSecret();
    const hash = hashSecret(value);
    const changed = await store.changeProjects(
      {
        do: 'rotate_key',
        project: project.id,
        key: params.key.toLowerCase(),
        hash,
        sealed: seal(value),
        untilMs,
      },
      nowMs,
    );
    if (changed.problem !== undefined) return keyProblem(changed.problem, params);
    projects.replace(changed.projects);
    const id = nameSecret(hash);
    const rotated = projects.byName(project.name)?.privateKeys.find((key) => nameSecret(key.hash) === id);
    if (rotated === undefined) return new Problem('internal', 'The secret was made and is not there');
    return { key: { id, class: 'private' as const, keyId: rotated.id, value }, previousUntilMs: untilMs };
  },
});
