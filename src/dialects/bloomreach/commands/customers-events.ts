import type { Command } from '../../../core/command.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { WireCommand } from '../command.ts';
import { readCustomerIds } from '../customer-ids.ts';
import { nameBytesMax } from '../limits.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readAge, readTimestamp } from '../time.ts';

/** Adds an event to a customer (contract 2.3). */
export const customersEvents: WireCommand = {
  name: 'customers/events',

  toCommand(data: JsonObject, receivedMs: number): Command | string {
    const named = readCustomerIds(data['customer_ids']);
    if (named.problem !== undefined) return named.problem === 'none' ? texts.noIds : texts.noValidIds;
    // `type` is the older name.
    const name = data['event_type'] ?? data['type'];
    if (name === undefined || name === null || name === '') return texts.noEventType;
    if (typeof name !== 'string' || Buffer.byteLength(name) > nameBytesMax) return texts.invalidEventType;
    const properties = readProperties(data['properties']);
    if (typeof properties === 'string') return properties;
    const timestamp = readTimestamp(data['timestamp']);
    const byAge = readAge(data, receivedMs);
    if (timestamp === 'invalid' || byAge === 'invalid') return texts.invalidTimestamp;
    const bad = findBadProperty(properties);
    if (bad !== undefined) return bad;
    return {
      kind: 'track',
      ids: named.ids,
      create: true,
      merge: 'oldest',
      name,
      value: null,
      info: null,
      params: properties,
      timeSec: byAge ?? timestamp,
      // A time computed from `age` differs at every retry, so it cannot show that an event is the same.
      stamped: byAge === null && timestamp !== null,
    };
  },
};
