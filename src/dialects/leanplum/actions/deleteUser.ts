import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { booleanOf, type Parameters } from '../parameters.ts';
import { idsToFind } from '../user.ts';

/**
 * Erases a user (contract 2.4 `deleteUser`): his profile, and with `fullErasure` also all that he did. A device names only
 * somebody who never logged in.
 */
export const deleteUser: Action = {
  name: 'deleteUser',
  key: 'development',
  isFree: true,

  toCommand(parameters: Parameters, { user }: ActionCall): Translated {
    return {
      command: {
        kind: 'erase_user',
        ids: idsToFind(user),
        create: false,
        scope: booleanOf(parameters['fullErasure']) ? 'all' : 'personal',
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
