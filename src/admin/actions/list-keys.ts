import { Type } from 'typebox';
import { PermissionsSchema } from '../../setting-files.ts';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { findProject, KeyClass, ProjectParams, Time } from '../shared.ts';

const ListedKey = Type.Object({
  id: Type.String(),
  class: KeyClass,
  keyId: Type.String(),
  createdMs: Type.Union([Time, Type.Null()]),
  expiresMs: Type.Union([Time, Type.Null()], { description: 'when a rotation ends this secret' }),
  revokedMs: Type.Union([Time, Type.Null()]),
  permissions: Type.Union([PermissionsSchema, Type.Null()]),
});

export const listKeys = defineAction({
  name: 'listKeys',
  method: 'GET',
  path: '/projects/:project/keys',
  summary: "A project's keys, the revoked ones too, without their values: those are not kept.",
  params: ProjectParams,
  result: Type.Object({ keys: Type.Array(ListedKey) }),

  async handle({ params }, { projects, store }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    return { keys: [...(await store.keysOf(project.id))] };
  },
});
