import type { Command } from 'commander';
import type { AdminClient } from '../client.ts';
import { CliFailure } from '../failure.ts';
import { table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Category {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly legitimateInterest: boolean;
}

interface SetOptions {
  readonly name?: string;
  readonly description?: string;
  readonly legitimateInterest: boolean;
}

/** The categories that people may agree to (Bloomreach's consents). */
export function addConsents(program: Command, open: OpenTerminal): void {
  const consents = program.command('consents').description("list and change a project's consent categories");

  consents
    .command('list')
    .description('what people may agree to')
    .argument('<project>', "the project's name")
    .action(async (project: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const categories = await read(terminal.admin, project);
      terminal.show({ consentCategories: categories }, () => describe(categories));
    });

  consents
    .command('set')
    .description('add a category, or change the one with this id')
    .argument('<project>', "the project's name")
    .argument('<id>', 'what consent events name')
    .option('--name <name>', 'what people see (default: the id)')
    .option('--description <text>', 'a sentence more')
    .option('--legitimate-interest', 'nobody has to agree to it', false)
    .action(async (project: string, id: string, options: SetOptions, command: Command) => {
      const terminal = open(command);
      const { name = id, description = null, legitimateInterest } = options;
      const before = await read(terminal.admin, project);
      const category = { id, name, description, legitimateInterest };
      const isNew = before.every((it) => it.id !== id);
      const wanted = isNew ? [...before, category] : before.map((it) => (it.id === id ? category : it));
      const after = await write(terminal.admin, project, wanted);
      terminal.show({ consentCategories: after }, () => describe(after));
    });

  consents
    .command('remove')
    .description('remove a category; consents that were given stay in the history')
    .argument('<project>', "the project's name")
    .argument('<id>', 'what consent events name')
    .action(async (project: string, id: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const before = await read(terminal.admin, project);
      const rest = before.filter((it) => it.id !== id);
      if (rest.length === before.length) {
        throw new CliFailure('notFound', `Project '${project}' has no consent category '${id}'`);
      }
      const after = await write(terminal.admin, project, rest);
      terminal.show({ consentCategories: after }, () => describe(after));
    });
}

interface Settings {
  readonly consentCategories: readonly Category[];
}

function pathOf(project: string): string {
  return `/projects/${encodeURIComponent(project)}/settings`;
}

async function read(admin: AdminClient, project: string): Promise<readonly Category[]> {
  return (await admin.call<Settings>('GET', pathOf(project))).consentCategories;
}

async function write(admin: AdminClient, project: string, consentCategories: readonly Category[]) {
  return (await admin.call<Settings>('PATCH', pathOf(project), { consentCategories })).consentCategories;
}

function describe(categories: readonly Category[]): string {
  return table(
    ['ID', 'NAME', 'LEGITIMATE INTEREST', 'DESCRIPTION'],
    categories.map((it) => [it.id, it.name, it.legitimateInterest ? 'yes' : 'no', it.description ?? '-']),
  );
}
