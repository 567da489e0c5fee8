import type { Command } from '../../../core/command.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { customersEvents } from './customers-events.ts';

/** `customers/events` as older clients and the web SDK say it: the name of the event is its `type` (contract 2.8). */
export const crmEvents: WireCommand = {
  name: 'crm/events',
  forbid: customersEvents.forbid,

  toCommand(data: JsonObject, call: CommandCall): Command | string {
    return customersEvents.toCommand(
      { ...data, customer_ids: data['customer_ids'] ?? data['ids'] ?? null },
      call,
    );
  },
};
