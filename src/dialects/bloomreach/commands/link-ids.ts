import type { Command } from '../../../core/command.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import type { CommandCall, WireCommand } from '../command.ts';
import { texts } from '../texts.ts';
import { customers } from './customers.ts';

/** Links external ids to a cookie, exactly as `customers` with both and no properties does (contract 5.1). */
export function linkIdsTo(cookie: string): WireCommand {
  return {
    name: 'link-ids',
    forbid: (_data, permissions) => customers.forbid({}, permissions),

    toCommand(data: JsonObject, call: CommandCall): Command | string {
      const given = data['external_ids'];
      if (!isJsonObject(given) || Object.keys(given).length === 0) return texts.noIds;
      return customers.toCommand({ customer_ids: { ...given, cookie } }, call);
    },
  };
}
