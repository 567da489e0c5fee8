import type { Command } from 'commander';
import { table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Answer {
  readonly from: string;
  readonly to: string;
  readonly lookups: readonly { readonly project: string; readonly day: string; readonly users: number }[];
}

export function addLookups(program: Command, open: OpenTerminal): void {
  program
    .command('lookups')
    .description('users that API requests looked up, by project and day (UTC); calls of SDKs do not count')
    .argument('[project]', "the project's name; left out: all")
    .option('--days <days>', 'how many days, with today', '30')
    .action(async (project: string | undefined, options: { days: string }, command: Command) => {
      const terminal = open(command);
      const query = new URLSearchParams({ days: options.days, ...(project !== undefined && { project }) });
      const answer = await terminal.admin.call<Answer>('GET', `/lookups?${query}`);
      terminal.show(answer, () => describe(answer));
    });
}

function describe({ from, to, lookups }: Answer): string {
  const shown = table(
    ['DAY', 'USERS', 'PROJECT'],
    lookups.map((it) => [it.day, String(it.users), it.project]),
  );
  const users = lookups.reduce((sum, it) => sum + it.users, 0);
  return `${shown}\n(${users} from ${from} to ${to})`;
}
