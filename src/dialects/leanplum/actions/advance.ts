import { Type } from 'typebox';
import type { Outcome } from '../../../core/outcome.ts';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser, warningOf } from '../action.ts';
import { readActionTime } from '../clock.ts';
import { type Fault, faults } from '../fault.ts';
import { infoLengthMax } from '../limits.ts';
import { isFault, type Parameters, textOf } from '../parameters.ts';
import { isName, skippedNames } from '../rules/names.ts';
import { readParams } from '../values.ts';
import { WireMap, WireNumber, WireText, wireCheck } from '../wire-types.ts';

const check = wireCheck(Type.Object({ state: WireText, info: WireText, time: WireNumber, params: WireMap }));

/**
 * Enters a state, which ends the one before; an empty name, or none as the SDKs send it, leaves the current one (contract
 * 2.2 `advance`, 3.3).
 */
export const advance: Action = {
  name: 'advance',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const name = textOf(parameters['state']) ?? '';
    const info = textOf(parameters['info']) ?? null;
    if ((info?.length ?? 0) > infoLengthMax) return faults.tooLong('info', infoLengthMax);
    const warnings: string[] = [];
    const { limits } = call.settings;
    const params = readParams(parameters, limits, warnings);
    if (isFault(params)) return params;
    const timeSec = readActionTime(parameters, call.clock);
    if (isFault(timeSec)) return timeSec;
    const { ids } = call.user;
    const create = createsUser(parameters, false);
    if (name !== '' && !isName(name, limits.nameLength)) {
      const skipped = [skippedNames('state', [name]), ...warnings];
      return { warning: warningOf(skipped), command: undefined };
    }
    const warning = warningOf(warnings);
    if (name === '') {
      return { warning, command: { kind: 'steer_session', ids, create, action: 'leave_state', timeSec } };
    }
    return {
      warning,
      command: {
        kind: 'enter_state',
        ids,
        create,
        name,
        info,
        params,
        timeSec,
        ...(call.isSdk && { sessionMax: limits.sessionStates }),
      },
    };
  },

  toReply(outcome: Outcome): ReplyFields {
    return outcome.code === 'applied' && outcome.offline ? { isOffline: true } : {};
  },
};
