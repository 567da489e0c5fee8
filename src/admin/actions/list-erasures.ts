import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { erasuresDefault, erasuresMax } from '../limits.ts';
import { Time } from '../shared.ts';

export const listErasures = defineAction({
  name: 'listErasures',
  method: 'GET',
  path: '/erasures',
  summary:
    'Receipts of what was erased, newest first: a row for each profile, also for those merged into it.',
  query: Type.Object({
    limit: Type.Integer({ minimum: 1, maximum: erasuresMax, default: erasuresDefault }),
  }),
  result: Type.Object({
    erasures: Type.Array(
      Type.Object({
        id: Type.Integer(),
        project: Type.String(),
        profile: Type.Integer({ description: 'internal id' }),
        scope: Type.Union([Type.Literal('personal'), Type.Literal('all')], {
          description: 'personal: who he is, what he did stays; all: everything',
        }),
        askedMs: Time,
        doneMs: Type.Union([Time, Type.Null()], {
          description: 'when the last file was free of it; null: hidden, but not yet taken out everywhere',
        }),
        files: Type.Integer({ description: 'files that held something of it' }),
        lines: Type.Integer({ description: 'lines taken out' }),
      }),
    ),
  }),

  async handle({ query }, { projects, store }) {
    const names = new Map(projects.all.map(({ id, name }) => [id, name]));
    const receipts = await store.erasures(query.limit);
    return { erasures: receipts.map((it) => ({ ...it, project: names.get(it.project) ?? '' })) };
  },
});
