import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import type { Parameters } from '../parameters.ts';
import { idsToFind } from '../user.ts';

/** Data about the user is collected again; nothing is restored (contract 2.4 `unblock`; either key, 9, question 5). */
export const unblock: Action = {
  name: 'unblock',
  key: 'production',

  toCommand(_parameters: Parameters, { user }: ActionCall): Translated {
    return {
      command: { kind: 'unblock_user', ids: idsToFind(user), create: false },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
