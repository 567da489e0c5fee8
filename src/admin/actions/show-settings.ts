import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { findProject, ProjectParams, ShownSettings, showSettingsOf } from '../shared.ts';

export const showSettings = defineAction({
  name: 'showSettings',
  method: 'GET',
  path: '/projects/:project/settings',
  summary: "A project's settings.",
  params: ProjectParams,
  result: ShownSettings,

  async handle({ params }, { projects }) {
    const project = findProject(projects, params.project);
    return project instanceof Problem ? project : showSettingsOf(project);
  },
});
