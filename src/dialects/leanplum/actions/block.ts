import { type Action, type ActionCall, createsUser, type ReplyFields, type Translated } from '../action.ts';
import type { Parameters } from '../parameters.ts';
import { idsToFind } from '../user.ts';

/**
 * Stops the collection of data about a user and erases what there is; he stays known by his ids (contract 2.4 `block`). A
 * device names only somebody who never logged in.
 */
export const block: Action = {
  name: 'block',
  key: 'production',

  toCommand(parameters: Parameters, { user }: ActionCall): Translated {
    return {
      // Who is not known yet shall not become known either.
      command: {
        kind: 'block_user',
        ids: idsToFind(user, { attach: true }),
        create: createsUser(parameters, true),
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
