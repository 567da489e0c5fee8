import { Type } from 'typebox';
import type { Track } from '../../../core/command.ts';
import type { Outcome } from '../../../core/outcome.ts';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser, warningOf } from '../action.ts';
import { findPast, readActionTime } from '../clock.ts';
import { type Fault, faults } from '../fault.ts';
import { infoLengthMax } from '../limits.ts';
import { booleanOf, isFault, numberOf, type Parameters, textOf } from '../parameters.ts';
import { isEventName, isMessageId, messageEventName, skippedNames } from '../rules/names.ts';
import { readPurchase } from '../rules/purchase.ts';
import { readParams } from '../values.ts';
import { WireBoolean, WireMap, WireNumber, WireText, wireCheck } from '../wire-types.ts';

const check = wireCheck(
  Type.Object({
    event: WireText,
    value: WireNumber,
    info: WireText,
    messageId: WireText,
    time: WireNumber,
    params: WireMap,
    disposition: WireText,
    allowOffline: WireBoolean,
  }),
);

/** Records an event (contract 2.2 `track`). */
export const track: Action = {
  name: 'track',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const name = textOf(parameters['event']) ?? '';
    const message = textOf(parameters['messageId']) ?? '';
    if (name === '' && message === '') return faults.missing('event');
    if (message !== '' && !isMessageId(message)) return faults.invalid('messageId');
    const info = textOf(parameters['info']) ?? null;
    if ((info?.length ?? 0) > infoLengthMax) return faults.tooLong('info', infoLengthMax);
    const value = numberOf(parameters, 'value');
    if (isFault(value)) return value;
    const warnings: string[] = [];
    const { currencies, limits } = call.settings;
    const params = readParams(parameters, limits, warnings);
    if (isFault(params)) return params;
    const disposition = readDisposition(parameters);
    if (isFault(disposition)) return disposition;
    const timeSec = readActionTime(parameters, call.clock);
    if (isFault(timeSec)) return timeSec;
    const past = call.settings.keepsOldTimes ? undefined : findPast(timeSec, call.clock);
    const pastWarning = past?.warning === undefined ? [] : [past.warning];
    const isGood = message === '' ? isEventName(name, limits.nameLength) : name.length <= limits.nameLength;
    if (!isGood) {
      const skipped = skippedNames('event', [name]);
      return { warning: warningOf([...pastWarning, skipped, ...warnings]), command: undefined };
    }
    const event = readPurchase(parameters, { value: value ?? null, params }, { currencies, warnings });
    return {
      warning: warningOf([...pastWarning, ...warnings]),
      command: {
        kind: 'track',
        ids: call.user.ids,
        create: createsUser(parameters, true),
        name: message === '' ? name : messageEventName(message, name),
        value: event.value,
        info,
        params: event.params,
        timeSec: past === undefined ? timeSec : call.clock.receivedSec,
        stamped: false,
        ...(disposition !== 'active' && { disposition }),
        ...(call.isSdk && { sessionMax: limits.sessionEvents }),
      },
    };
  },

  toReply(outcome: Outcome): ReplyFields {
    return outcome.code === 'applied' && outcome.offline ? { isOffline: true } : {};
  },
};

/** Done by the user, done to him, or only inside an active session; `allowOffline` is an older word for the second. */
function readDisposition(parameters: Parameters): NonNullable<Track['disposition']> | 'active' | Fault {
  switch (textOf(parameters['disposition']) ?? '') {
    case '':
      return booleanOf(parameters['allowOffline']) ? 'passive' : 'active';
    case 'active':
      return 'active';
    case 'passive':
      return 'passive';
    case 'requireActive':
      return 'require_active';
    default:
      return faults.invalid('disposition');
  }
}
