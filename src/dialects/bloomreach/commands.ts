import type { WireCommand } from './command.ts';
import { campaignsClicks } from './commands/campaigns-clicks.ts';
import { crmCustomers } from './commands/crm-customers.ts';
import { crmEvents } from './commands/crm-events.ts';
import { customers } from './commands/customers.ts';
import { customersEvents } from './commands/customers-events.ts';

/** Every command that writes, by its wire name. `system/time` is answered where it stands (see `batch.ts`). */
export const commands: ReadonlyMap<string, WireCommand> = new Map(
  [campaignsClicks, customers, customersEvents].map((command) => [command.name, command]),
);

/** Those of the legacy module (contract 2.8). */
export const legacyCommands: ReadonlyMap<string, WireCommand> = new Map(
  [crmCustomers, crmEvents].map((command) => [command.name, command]),
);
