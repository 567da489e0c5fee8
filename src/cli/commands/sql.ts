import { type Command, Option } from 'commander';
import { csv, plain } from '../../lib/csv.ts';
import { table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Result {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
}

const formats = ['table', 'json', 'csv'] as const;

export function addSql(program: Command, open: OpenTerminal): void {
  program
    .command('sql')
    .description('ask the history with one read-only SQL statement (views: events, sessions, profiles)')
    .argument('<statement>', 'such as "select name, count(*) from events group by name"')
    .addOption(
      new Option(
        '--format <format>',
        'how rows are written (default: table; --json is the same as json)',
      ).choices(formats),
    )
    .action(async (query: string, options: { format?: (typeof formats)[number] }, command: Command) => {
      const terminal = open(command);
      const result = await terminal.admin.call<Result>('POST', '/sql', { query });
      const names = result.columns.map((column) => column.name);
      switch (options.format) {
        case 'csv':
          return terminal.write(csv([names, ...result.rows]));
        case 'json':
          return terminal.write(JSON.stringify(result, null, 2));
        default:
          return terminal.show(result, () => describe(names, result));
      }
    });
}

function describe(names: readonly string[], { rows, truncated }: Result): string {
  const shown = table(
    names,
    rows.map((row) => row.map((value) => (value === null ? 'NULL' : plain(value)))),
  );
  return `${shown}\n(${rows.length} rows${truncated ? '; there are more, use LIMIT and OFFSET' : ''})`;
}
