import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { Problem } from '../problem.ts';
import { ShownBackup, show } from './start-backup.ts';

export const showBackup = defineAction({
  name: 'showBackup',
  method: 'GET',
  path: '/backups/:id',
  summary: 'How far a backup is, or how it ended.',
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  result: ShownBackup,

  async handle({ params }, { backups }) {
    const job = backups.find(params.id);
    return job === undefined ? new Problem('not_found', `There is no backup '${params.id}'`) : show(job);
  },
});
