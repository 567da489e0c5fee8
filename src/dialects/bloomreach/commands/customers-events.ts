import type { Command } from '../../../core/command.ts';
import { covers } from '../../../core/project/permissions.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { idProblems, readCustomerIds } from '../customer-ids.ts';
import { nameBytesMax } from '../limits.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readAge, readTimestamp } from '../time.ts';

/** Adds an event to a customer (contract 2.3). */
export const customersEvents: WireCommand = {
  name: 'customers/events',

  /** Without a type there is nothing to forbid: that it is missing is said in its turn. */
  forbid(data, { events }) {
    if (events.set === undefined) return undefined;
    const type = typeOf(data);
    return typeof type === 'string' && type !== '' && !covers(events.set, type)
      ? texts.forbiddenEvent
      : undefined;
  },

  toCommand(data: JsonObject, { project, receivedMs }: CommandCall): Command | string {
    const named = readCustomerIds(data['customer_ids'], project.idTypes);
    if (named.problem !== undefined) return idProblems[named.problem];
    const name = typeOf(data);
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

/** `type` is the older name. */
function typeOf(data: JsonObject): Json | undefined {
  return data['event_type'] ?? data['type'];
}
