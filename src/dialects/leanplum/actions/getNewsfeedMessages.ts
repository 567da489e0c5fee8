import type { Action, ReplyFields, Translated } from '../action.ts';

/**
 * The app inbox of a user, by message id (contract 2.12, 5.6): empty, since nothing sends to it yet. An unknown user has
 * an empty one as well, without a warning.
 */
export const getNewsfeedMessages: Action = {
  name: 'getNewsfeedMessages',
  key: 'production',

  toCommand(): Translated {
    return { command: undefined };
  },

  toReply(): ReplyFields {
    return { newsfeedMessages: {} };
  },
};
