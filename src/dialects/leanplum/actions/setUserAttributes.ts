import { Type } from 'typebox';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser, warningOf } from '../action.ts';
import { readAttributeEdits } from '../attribute-edits.ts';
import { readUserAttributes } from '../attributes.ts';
import { readActionTime } from '../clock.ts';
import { readUnsubscriptions, readUserFacts } from '../facts.ts';
import type { Fault } from '../fault.ts';
import { readCounterOverrides, readTotals } from '../overrides.ts';
import { isFault, type Parameters } from '../parameters.ts';
import { readDevices } from '../rules/devices.ts';
import { becoming } from '../user.ts';
import { WireMap, WireNumber, WireText, wireCheck } from '../wire-types.ts';

const check = wireCheck(
  Type.Object({
    userAttributes: WireMap,
    userAttributeValuesToAdd: WireMap,
    userAttributeValuesToRemove: WireMap,
    userAttributeValuesToIncrement: WireMap,
    events: WireMap,
    states: WireMap,
    newUserId: WireText,
    time: WireNumber,
  }),
);

/**
 * Changes a profile: attributes, facts, counters and totals (contract 2.3 `setUserAttributes`). With `newUserId` the user
 * first becomes that one, and everything else is his (contract 7.2).
 */
export const setUserAttributes: Action = {
  name: 'setUserAttributes',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const timeSec = readActionTime(parameters, call.clock);
    if (isFault(timeSec)) return timeSec;
    const warnings: string[] = [];
    const { limits } = call.settings;
    const attributes = readUserAttributes(parameters, limits, warnings);
    if (isFault(attributes)) return attributes;
    const edits = readAttributeEdits(parameters, limits, warnings);
    if (isFault(edits)) return edits;
    const facts = readUserFacts(parameters, call.origin, warnings);
    if (isFault(facts)) return facts;
    const named = readDevices(parameters, call, warnings);
    if (isFault(named)) return named;
    const ids = becoming({ ...call.user, ids: named.ids }, parameters['newUserId'], limits.idLength);
    if (isFault(ids)) return ids;
    const factEdits = readUnsubscriptions(parameters);
    if (isFault(factEdits)) return factEdits;
    const counters = readCounterOverrides(parameters, limits, warnings);
    if (isFault(counters)) return counters;
    const totals = readTotals(parameters);
    if (isFault(totals)) return totals;
    return {
      warning: warningOf(warnings),
      command: {
        kind: 'update_profile',
        ids,
        create: createsUser(parameters, true),
        attributes,
        edits,
        facts,
        factEdits,
        devices: named.devices,
        counters,
        totals,
        timeSec,
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
