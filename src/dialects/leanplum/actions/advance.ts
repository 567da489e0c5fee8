import { Type } from 'typebox';
import type { Outcome } from '../../../core/outcome.ts';
import { type Action, type ActionCall, createsUser, type ReplyFields, type Translated } from '../action.ts';
import { readActionTime } from '../clock.ts';
import { type Fault, faults } from '../fault.ts';
import { infoLengthMax, nameLengthMax, paramsMax } from '../limits.ts';
import { isFault, objectOf, type Parameters, textOf } from '../parameters.ts';
import { findBadEntry } from '../values.ts';
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
    if (name.length > nameLengthMax) return faults.badName('state', name.slice(0, nameLengthMax));
    const info = textOf(parameters['info']) ?? null;
    if ((info?.length ?? 0) > infoLengthMax) return faults.tooLong('info', infoLengthMax);
    const params = objectOf(parameters, 'params');
    if (isFault(params)) return params;
    const time = readActionTime(parameters, call.clock, { refusesPast: false });
    if (isFault(time)) return time;
    if (params !== undefined) {
      const bad = findBadEntry(params, { parameter: 'params', kind: 'param', entriesMax: paramsMax });
      if (bad !== undefined) return bad;
    }
    const { timeSec, warning } = time;
    const { ids } = call.user;
    const create = createsUser(parameters, false);
    if (name === '') {
      return { warning, command: { kind: 'steer_session', ids, create, action: 'leave_state', timeSec } };
    }
    return {
      warning,
      command: { kind: 'enter_state', ids, create, name, info, params: params ?? {}, timeSec },
    };
  },

  toReply(outcome: Outcome): ReplyFields {
    return outcome.code === 'applied' && outcome.offline ? { isOffline: true } : {};
  },
};
