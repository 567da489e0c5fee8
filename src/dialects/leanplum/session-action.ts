import { Type } from 'typebox';
import type { SteerSession } from '../../core/command.ts';
import { type Action, type ActionCall, createsUser, type Translated } from './action.ts';
import { readActionTime } from './clock.ts';
import type { Fault } from './fault.ts';
import { isFault, type Parameters } from './parameters.ts';
import { WireNumber, wireCheck } from './wire-types.ts';

const check = wireCheck(Type.Object({ time: WireNumber }));

/**
 * An action that steers the session a user has open, with only user parameters (contract 2.2): plain success, also when
 * there was nothing to do. An unknown user is not created for it.
 */
export function sessionAction(name: string, action: SteerSession['action']): Action {
  return {
    name,
    key: 'production',

    toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
      const problem = check(parameters);
      if (problem !== undefined) return problem;
      const timeSec = readActionTime(parameters, call.clock);
      if (isFault(timeSec)) return timeSec;
      const create = createsUser(parameters, false);
      return { command: { kind: 'steer_session', ids: call.user.ids, create, action, timeSec } };
    },

    toReply: () => ({}),
  };
}
