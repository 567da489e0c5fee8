import { Type } from 'typebox';
import type { Track } from '../../../core/command.ts';
import type { Outcome } from '../../../core/outcome.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser } from '../action.ts';
import { readActionTime } from '../clock.ts';
import { type Fault, faults } from '../fault.ts';
import { infoLengthMax, nameLengthMax, paramsMax } from '../limits.ts';
import { booleanOf, isFault, numberOf, objectOf, type Parameters, textOf } from '../parameters.ts';
import { findBadEntry } from '../values.ts';
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

const noParams: JsonObject = Object.freeze({});

/** Records an event (contract 2.2 `track`). */
export const track: Action = {
  name: 'track',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const name = eventName(parameters);
    if (isFault(name)) return name;
    const info = textOf(parameters['info']) ?? null;
    if ((info?.length ?? 0) > infoLengthMax) return faults.tooLong('info', infoLengthMax);
    const value = numberOf(parameters, 'value');
    if (isFault(value)) return value;
    const params = objectOf(parameters, 'params');
    if (isFault(params)) return params;
    const disposition = readDisposition(parameters);
    if (isFault(disposition)) return disposition;
    const time = readActionTime(parameters, call.clock, { refusesPast: true });
    if (isFault(time)) return time;
    if (params !== undefined) {
      const bad = findBadEntry(params, { parameter: 'params', kind: 'param', entriesMax: paramsMax });
      if (bad !== undefined) return bad;
    }
    return {
      warning: [time.warning, noticeOf(parameters)].filter((it) => it !== undefined).join(' ') || undefined,
      command: {
        kind: 'track',
        ids: call.user.ids,
        create: createsUser(parameters, true),
        name,
        value: value ?? null,
        info,
        params: params ?? noParams,
        timeSec: time.timeSec,
        stamped: false,
        ...(disposition !== 'active' && { disposition }),
      },
    };
  },

  toReply(outcome: Outcome): ReplyFields {
    return outcome.code === 'applied' && outcome.offline ? { isOffline: true } : {};
  },
};

/** What is not built yet and changes what an event means: never ignored without a word. */
function noticeOf(parameters: Parameters): string | undefined {
  const isGiven = (parameters['currencyCode'] ?? '') !== '';
  return isGiven ? 'Parameter not supported yet; skipped: currencyCode' : undefined;
}

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

/** A message's events are kept as `.m<id>` (send or view) and `.m<id> <event>` (contract 2.2). */
function eventName(parameters: Parameters): string | Fault {
  const event = textOf(parameters['event']) ?? '';
  const message = textOf(parameters['messageId']) ?? '';
  if (event === '' && message === '') return faults.missing('event');
  if (event.length > nameLengthMax) return faults.badName('event', event.slice(0, nameLengthMax));
  if (message.length > nameLengthMax) return faults.invalid('messageId');
  if (message === '') return event;
  return event === '' ? `.m${message}` : `.m${message} ${event}`;
}
