import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { ShownProject, showProject } from '../shared.ts';

export const listProjects = defineAction({
  name: 'listProjects',
  method: 'GET',
  path: '/projects',
  summary: 'All projects, in the order of their creation.',
  result: Type.Object({ projects: Type.Array(ShownProject) }),

  async handle(_call, { projects }) {
    return { projects: projects.all.map(showProject) };
  },
});
