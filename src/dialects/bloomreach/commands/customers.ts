import type { Command } from '../../../core/command.ts';
import { covers, coversNothing } from '../../../core/project/permissions.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { idProblems, readCustomerIds } from '../customer-ids.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readAge, readTimestamp } from '../time.ts';

/** Updates a customer's properties, each only if it was not set later than this update (contract 2.2). */
export const customers: WireCommand = {
  name: 'customers',

  /** One forbidden name refuses the whole. An update without properties needs the right to set at least one: it links ids. */
  forbid(data, { properties: { set } }) {
    if (set === undefined) return undefined;
    if (coversNothing(set)) return texts.forbiddenProperties;
    const properties = data['properties'];
    if (!isJsonObject(properties)) return undefined;
    return Object.keys(properties).every((name) => covers(set, name)) ? undefined : texts.forbiddenProperties;
  },

  toCommand(data: JsonObject, { project, receivedMs }: CommandCall): Command | string {
    const named = readCustomerIds(data['customer_ids'], project.idTypes);
    if (named.problem !== undefined) return idProblems[named.problem];
    const properties = readProperties(data['properties']);
    if (typeof properties === 'string') return properties;
    const updated = readTimestamp(data['update_timestamp']);
    const stamped = readTimestamp(data['timestamp']);
    const byAge = readAge(data, receivedMs);
    if (updated === 'invalid' || stamped === 'invalid' || byAge === 'invalid') return texts.invalidTimestamp;
    const bad = findBadProperty(properties);
    if (bad !== undefined) return bad;
    return {
      kind: 'set_attributes',
      ids: named.ids,
      create: true,
      merge: 'oldest',
      attributes: Object.entries(properties),
      timeSec: updated ?? stamped ?? byAge,
      keepNewer: true,
    };
  },
};
