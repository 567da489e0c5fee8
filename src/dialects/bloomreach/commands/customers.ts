import type { Command } from '../../../core/command.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { WireCommand } from '../command.ts';
import { readCustomerIds } from '../customer-ids.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readAge, readTimestamp } from '../time.ts';

/** Updates a customer's properties, each only if it was not set later than this update (contract 2.2). */
export const customers: WireCommand = {
  name: 'customers',

  toCommand(data: JsonObject, receivedMs: number): Command | string {
    const named = readCustomerIds(data['customer_ids']);
    if (named.problem !== undefined) return named.problem === 'none' ? texts.noIds : texts.noValidIds;
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
