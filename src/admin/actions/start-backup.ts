import { isAbsolute } from 'node:path';
import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { pathMax } from '../limits.ts';
import type { BackupJob } from '../parts.ts';
import { Problem } from '../problem.ts';
import { Time } from '../shared.ts';

export const ShownBackup = Type.Object({
  id: Type.String(),
  folder: Type.String(),
  state: Type.Union([Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
  step: Type.String({ description: 'what is being done: copying, checking, done' }),
  doneBytes: Type.Number({ description: 'of this step' }),
  totalBytes: Type.Number({ description: 'of this step, as far as it is known' }),
  startedMs: Time,
  endedMs: Type.Union([Time, Type.Null()]),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'why it failed' }),
});

export const startBackup = defineAction({
  name: 'startBackup',
  method: 'POST',
  path: '/backups',
  summary: 'Starts a consistent copy of all data into a new or empty folder; ask for it until it is done.',
  body: Type.Object(
    {
      folder: Type.String({
        minLength: 1,
        maxLength: pathMax,
        pattern: '^[^\\u0000]+$',
        description: "an absolute path on the server's machine",
      }),
    },
    { additionalProperties: false },
  ),
  status: 202,
  result: ShownBackup,

  async handle({ body }, { backups }) {
    if (!isAbsolute(body.folder)) return new Problem('invalid', `${body.folder} is not an absolute path`);
    const job = backups.start(body.folder);
    return job === undefined ? new Problem('conflict', 'Another backup is being made') : show(job);
  },
});

export function show(job: BackupJob) {
  return { ...job };
}
