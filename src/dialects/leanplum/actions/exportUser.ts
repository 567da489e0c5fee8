import type { Outcome } from '../../../core/outcome.ts';
import type { Attribute, Counter, Profile } from '../../../core/profile.ts';
import type { Json } from '../../../lib/json.ts';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { describeFacts } from '../facts.ts';
import type { Parameters } from '../parameters.ts';

/** One profile: attributes, lifetime counters, and what else is known of the user (contract 2.10 `exportUser`). */
export const exportUser: Action = {
  name: 'exportUser',
  key: 'dataExport',

  toCommand(_parameters: Parameters, { user }: ActionCall): Translated {
    return { command: { kind: 'read_profile', ids: user.ids, create: false } };
  },

  toReply(outcome: Outcome): ReplyFields {
    return outcome.code === 'profile' ? describe(outcome.profile) : {};
  },
};

const buckets = 1000;

function describe(profile: Profile): ReplyFields {
  const idsOf = (kind: string) => profile.identities.filter((it) => it.kind === kind).map((it) => it.value);
  const devices = idsOf('device');
  return {
    userId: idsOf('user')[0] ?? devices[0],
    created: profile.createdMs / 1000,
    lastActive: profile.lastActiveMs === null ? null : profile.lastActiveMs / 1000,
    totalSessions: profile.totalSessions,
    timeSpentInApp: profile.timeSpentMs / 1000,
    userBucket: profile.id % buckets,
    userAttributes: Object.fromEntries(
      Array.from(profile.attributes.values())
        .filter(([, value]) => value !== null)
        .map(([name, value]: Attribute) => [name, exported(value)]),
    ),
    events: Object.fromEntries(
      Array.from(profile.counters, ([name, counter]) => [name, describeCounter(counter)]),
    ),
    states: Object.fromEntries(
      Array.from(profile.states, ([name, counter]) => [name, describeCounter(counter)]),
    ),
    ...describeFacts(profile),
  };
}

/** Booleans read back as the strings "True" and "False" (contract 2.3). */
function exported(value: Json): Json {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : value;
}

/** `value` is missing when the event never had one (contract 2.10). */
function describeCounter(counter: Counter): ReplyFields {
  const { count, valueSum, firstSec, lastSec } = counter;
  return { count, ...(valueSum === null ? {} : { value: valueSum }), firstTime: firstSec, lastTime: lastSec };
}
