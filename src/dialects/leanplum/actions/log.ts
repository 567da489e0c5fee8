import { type Action, type ActionCall, askForUser, type Translated } from '../action.ts';
import type { Parameters } from '../parameters.ts';

/** Diagnostics of an SDK: taken and dropped (contract 2.12 `log`). An unknown user gets the usual warning. */
export const log: Action = {
  name: 'log',
  key: 'production',
  userIsOptional: true,

  toCommand(parameters: Parameters, call: ActionCall): Translated {
    return {
      command: call.user.ids.length === 0 ? undefined : askForUser(parameters, call),
    };
  },

  toReply: () => ({}),
};
