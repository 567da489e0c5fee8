import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { sqlMax } from '../limits.ts';
import { Problem } from '../problem.ts';

export const runSql = defineAction({
  name: 'runSql',
  method: 'POST',
  path: '/sql',
  summary: 'Runs one read-only SQL statement over the views events, sessions and profiles.',
  body: Type.Object(
    { query: Type.String({ minLength: 1, maxLength: sqlMax }) },
    { additionalProperties: false },
  ),
  result: Type.Object({
    columns: Type.Array(Type.Object({ name: Type.String(), type: Type.String() })),
    rows: Type.Array(Type.Array(Type.Unknown())),
    truncated: Type.Boolean({ description: 'there are more rows than are given' }),
  }),

  async handle({ body }, { query, engine }) {
    // These views show rows, which follow their lines. Where they cannot be written, those that are there are shown.
    if (/profiles|merges/i.test(body.query)) await engine.writeRows().catch(() => undefined);
    try {
      return await query(body.query);
    } catch (error) {
      // What is wrong with a statement is the caller's to mend; everything else is a bug.
      if (error instanceof Error && error.name === 'QueryError') return new Problem('invalid', error.message);
      throw error;
    }
  },
});
