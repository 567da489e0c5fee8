import type { Command } from '../../../core/command.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { customers } from './customers.ts';

/** `customers` as older clients say it: the ids are called `ids` (contract 2.8). */
export const crmCustomers: WireCommand = {
  name: 'crm/customers',
  forbid: customers.forbid,

  toCommand(data: JsonObject, call: CommandCall): Command | string {
    return customers.toCommand({ ...data, customer_ids: data['ids'] ?? data['customer_ids'] ?? null }, call);
  },
};
