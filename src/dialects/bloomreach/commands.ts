import type { WireCommand } from './command.ts';
import { customers } from './commands/customers.ts';
import { customersEvents } from './commands/customers-events.ts';

/** Every command that writes, by its wire name. `system/time` is answered where it stands (see `batch.ts`). */
export const commands: ReadonlyMap<string, WireCommand> = new Map(
  [customers, customersEvents].map((command) => [command.name, command]),
);
