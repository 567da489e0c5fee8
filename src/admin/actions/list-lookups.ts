import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { lookupDaysDefault, lookupDaysMax, nameMax } from '../limits.ts';
import { Problem } from '../problem.ts';
import { findProject } from '../shared.ts';

const dayMs = 24 * 60 * 60 * 1000;
const Day = Type.String({ description: 'UTC, such as 2026-11-23' });

/** Counts as contract 4.5 has them: users, each once a request; not calls of SDKs. */
export const listLookups = defineAction({
  name: 'listLookups',
  method: 'GET',
  path: '/lookups',
  summary: 'Users that API requests looked up, by project and day, newest day first.',
  query: Type.Object({
    project: Type.Optional(
      Type.String({ minLength: 1, maxLength: nameMax, description: "a project's name; left out: all" }),
    ),
    days: Type.Integer({
      minimum: 1,
      maximum: lookupDaysMax,
      default: lookupDaysDefault,
      description: 'how many days, with today',
    }),
  }),
  result: Type.Object({
    from: Day,
    to: Day,
    lookups: Type.Array(
      Type.Object({ project: Type.String(), day: Day, users: Type.Integer({ minimum: 1 }) }),
      { description: 'days on which there were some' },
    ),
  }),

  async handle({ query }, { projects, lookups, clock }) {
    const project = query.project === undefined ? undefined : findProject(projects, query.project);
    if (project instanceof Problem) return project;
    const from = dayOf(clock() - (query.days - 1) * dayMs);
    const names = new Map(projects.all.map(({ id, name }) => [id, name]));
    const wanted = lookups
      .days()
      .filter((it) => it.day >= from && (project === undefined || it.project === project.id))
      .sort((a, b) => (a.day === b.day ? a.project - b.project : a.day < b.day ? 1 : -1));
    return {
      from,
      to: dayOf(clock()),
      lookups: wanted.map(({ project: id, day, users }) => ({ project: names.get(id) ?? '', day, users })),
    };
  },
});

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
