import type { Command } from '../../../core/command.ts';
import type { NamedIdentity } from '../../../core/identity.ts';
import { covers } from '../../../core/project/permissions.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { readCustomerIds } from '../customer-ids.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readAge, readTimestamp } from '../time.ts';

/** What a click becomes. */
const eventType = 'campaign';

/** Clicks that name nobody are the history of one profile of the project, which no request can name. */
const unattributed: readonly NamedIdentity[] = [
  { kind: 'reserved', value: 'unattributed_clicks', attach: true },
];

/** A click on a campaign's link (contract 2.5): an event `campaign`, of the customer if the caller says who. */
export const campaignsClicks: WireCommand = {
  name: 'campaigns/clicks',

  forbid(_data, { events }) {
    return covers(events.set, eventType) ? undefined : texts.forbiddenEvent;
  },

  toCommand(data: JsonObject, { project, receivedMs }: CommandCall): Command | string {
    const url = data['url'];
    if (typeof url !== 'string' || url === '') return texts.noUrl;
    const given = readProperties(data['properties']);
    if (typeof given === 'string') return given;
    const timestamp = readTimestamp(data['timestamp']);
    const byAge = readAge(data, receivedMs);
    if (timestamp === 'invalid' || byAge === 'invalid') return texts.invalidTimestamp;
    // What the link says comes last, so that a property of the same name cannot contradict it.
    const properties = Object.fromEntries([
      ...Object.entries(given),
      ...campaignParameters(url),
      ['status', 'clicked'],
      ['url', url],
    ]);
    const bad = findBadProperty(properties);
    if (bad !== undefined) return bad;
    const named = readCustomerIds(data['customer_ids'], project.idTypes);
    if (named.problem === 'too_many') return texts.tooManyIds;
    const isKnown = named.problem === undefined;
    return {
      kind: 'track',
      ids: isKnown ? named.ids : unattributed,
      create: true,
      merge: 'oldest',
      name: eventType,
      value: null,
      info: null,
      params: properties,
      timeSec: byAge ?? timestamp,
      // Equal clicks of two people who are not named are two clicks.
      stamped: isKnown && byAge === null && timestamp !== null,
    };
  },
};

/** The link's `utm_*` and `xnpe_cmp`. Links of apps have schemes of their own, so only the query is looked at. */
function campaignParameters(url: string): [name: string, value: Json][] {
  const from = url.indexOf('?');
  if (from === -1) return [];
  const query = url.slice(from + 1).split('#', 1)[0];
  return [...new URLSearchParams(query)].filter(([name]) => /^(utm_\w+|xnpe_cmp)$/.test(name));
}
