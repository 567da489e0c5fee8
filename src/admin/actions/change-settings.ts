import { Type } from 'typebox';
import { projectSettings } from '../../setting-files.ts';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { findProject, ProjectParams, ShownSettings, showSettingsOf } from '../shared.ts';

export const changeSettings = defineAction({
  name: 'changeSettings',
  method: 'PATCH',
  path: '/projects/:project/settings',
  summary: "Changes those of a project's settings that are given; each holds for the next request.",
  params: ProjectParams,
  body: Type.Object(projectSettings, { additionalProperties: false }),
  result: ShownSettings,

  async handle({ params, body }, { projects, store, clock }) {
    const project = findProject(projects, params.project);
    if (project instanceof Problem) return project;
    const changed = await store.changeProjects(
      { do: 'set_settings', project: project.id, settings: body },
      Math.floor(clock()),
    );
    if (changed.problem === 'ids_wrong') return new Problem('invalid', changed.reason);
    if (changed.problem === 'ids_in_use') return new Problem('conflict', changed.reason);
    if (changed.problem !== undefined) return new Problem('internal', changed.problem);
    projects.replace(changed.projects);
    return showSettingsOf(projects.byName(project.name) ?? project);
  },
});
