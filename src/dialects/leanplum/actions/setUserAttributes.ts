import { Type } from 'typebox';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser } from '../action.ts';
import { readUserAttributes } from '../attributes.ts';
import { readActionTime } from '../clock.ts';
import type { Fault } from '../fault.ts';
import { isFault, type Parameters } from '../parameters.ts';
import { becoming } from '../user.ts';
import { WireMap, WireNumber, WireText, wireCheck } from '../wire-types.ts';

const check = wireCheck(Type.Object({ userAttributes: WireMap, newUserId: WireText, time: WireNumber }));

/** Parameters of the contract that change the profile and are not built yet: never dropped without a word. */
const notYet = [
  'userAttributeValuesToAdd',
  'userAttributeValuesToRemove',
  'userAttributeValuesToIncrement',
  'unsubscribeCategoriesToAdd',
  'unsubscribeCategoriesToRemove',
  'unsubscribeChannelsToAdd',
  'unsubscribeChannelsToRemove',
  'events',
  'states',
  'devices',
];

/**
 * Sets and clears attributes (contract 2.3 `setUserAttributes`). With `newUserId` the user first becomes that one, and
 * the attributes are his (contract 7.2).
 */
export const setUserAttributes: Action = {
  name: 'setUserAttributes',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const attributes = readUserAttributes(parameters);
    if (isFault(attributes)) return attributes;
    const ids = becoming(call.user, parameters['newUserId']);
    if (isFault(ids)) return ids;
    const time = readActionTime(parameters, call.clock, { refusesPast: false });
    if (isFault(time)) return time;
    const skipped = notYet.filter((name) => (parameters[name] ?? null) !== null && parameters[name] !== '');
    const notice =
      skipped.length > 0 ? `Parameter not supported yet; skipped: ${skipped.join(', ')}` : undefined;
    return {
      warning: [time.warning, notice].filter((it) => it !== undefined).join(' ') || undefined,
      command: {
        kind: 'set_attributes',
        ids,
        create: createsUser(parameters, true),
        attributes,
        timeSec: time.timeSec,
        keepNewer: false,
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
