import type { Action, ReplyFields, Translated } from '../action.ts';
import { migrateStateHash } from '../reply.ts';

/**
 * An SDK asks, before its `start`, whether the app has moved to the successor vendor (contract 2.12): it has not, and
 * nothing is to be sent there as well.
 */
export const getMigrateState: Action = {
  name: 'getMigrateState',
  key: 'production',
  userIsOptional: true,

  toCommand(): Translated {
    return { command: undefined };
  },

  toReply(): ReplyFields {
    return { sdk: 'lp', sha256: migrateStateHash, state: 'NONE', api: { profile: 'lp', events: 'lp' } };
  },
};
