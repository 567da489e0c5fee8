import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser } from '../action.ts';
import { readActionTime } from '../clock.ts';
import { type Fault, faults } from '../fault.ts';
import { factLengthMax } from '../limits.ts';
import { noUpdate } from '../no-update.ts';
import { isFault, objectOf, type Parameters, textOf } from '../parameters.ts';

/** The keys of `trafficSource`, and the names under which sessions are exported. */
const names = new Map([
  ['publisherId', 'sourcePublisherId'],
  ['publisherName', 'sourcePublisher'],
  ['publisherSubPublisher', 'sourceSubPublisher'],
  ['publisherSubSite', 'sourceSite'],
  ['publisherSubCampaign', 'sourceCampaign'],
  ['publisherSubAdGroup', 'sourceAdGroup'],
  ['publisherSubAd', 'sourceAd'],
]);

/** Where the user came from (contract 2.3 `setTrafficSourceInfo`). Apps send whatever part of it they know. */
export const setTrafficSourceInfo: Action = {
  name: 'setTrafficSourceInfo',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const source = objectOf(parameters, 'trafficSource');
    if (isFault(source)) return source;
    if (source === undefined) return faults.missing('trafficSource');
    const facts: [string, string][] = [];
    for (const [given, name] of names) {
      const text = textOf(source[given]);
      if ((text?.length ?? 0) > factLengthMax) return faults.tooLong(given, factLengthMax);
      if (text) facts.push([name, text]);
    }
    const timeSec = readActionTime(parameters, call.clock);
    if (isFault(timeSec)) return timeSec;
    return {
      command: {
        kind: 'update_profile',
        ids: call.user.ids,
        create: createsUser(parameters, true),
        ...noUpdate,
        facts,
        timeSec,
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
