import { Type } from 'typebox';
import { type Action, type ActionCall, askForUser, type Translated } from './action.ts';
import { type Fault, faults } from './fault.ts';
import { type Parameters, textOf } from './parameters.ts';
import { WireText, wireCheck } from './wire-types.ts';

const check = wireCheck(Type.Object({ newsfeedMessageId: WireText }));

/**
 * An action on one message of a user's inbox, by its id `a##b` (contract 2.12). An unknown id is success, and so far
 * every id is unknown: nothing sends to the inbox yet.
 */
export function inboxAction(name: string): Action {
  return {
    name,
    key: 'production',

    toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
      const problem = check(parameters);
      if (problem !== undefined) return problem;
      if (!textOf(parameters['newsfeedMessageId'])) return faults.missing('newsfeedMessageId');
      return { command: askForUser(parameters, call) };
    },

    toReply: () => ({}),
  };
}
