import { Type } from 'typebox';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser } from '../action.ts';
import { readAttributeEdits } from '../attribute-edits.ts';
import { readUserAttributes } from '../attributes.ts';
import { readActionTime } from '../clock.ts';
import { readUnsubscriptions, readUserFacts } from '../facts.ts';
import type { Fault } from '../fault.ts';
import { readCounterOverrides, readTotals } from '../overrides.ts';
import { isFault, type Parameters } from '../parameters.ts';
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

/** Parameters of the contract that change the profile and are not built yet: never dropped without a word. */
const notYet = ['devices'];

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
    const ids = becoming(call.user, parameters['newUserId']);
    if (isFault(ids)) return ids;
    const time = readActionTime(parameters, call.clock, { refusesPast: false });
    if (isFault(time)) return time;
    const attributes = readUserAttributes(parameters);
    if (isFault(attributes)) return attributes;
    const edits = readAttributeEdits(parameters);
    if (isFault(edits)) return edits;
    const facts = readUserFacts(parameters);
    if (isFault(facts)) return facts;
    const factEdits = readUnsubscriptions(parameters);
    if (isFault(factEdits)) return factEdits;
    const counters = readCounterOverrides(parameters);
    if (isFault(counters)) return counters;
    const totals = readTotals(parameters);
    if (isFault(totals)) return totals;
    const skipped = notYet.filter((name) => (parameters[name] ?? null) !== null && parameters[name] !== '');
    const notice =
      skipped.length > 0 ? `Parameter not supported yet; skipped: ${skipped.join(', ')}` : undefined;
    return {
      warning: [time.warning, notice].filter((it) => it !== undefined).join(' ') || undefined,
      command: {
        kind: 'update_profile',
        ids,
        create: createsUser(parameters, true),
        attributes,
        edits,
        facts,
        factEdits,
        devices: [],
        counters,
        totals,
        timeSec: time.timeSec,
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
