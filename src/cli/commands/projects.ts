import { type Command, Option } from 'commander';
import { list, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';
import { type CreatedKey, describeKey } from './keys.ts';

interface Project {
  readonly id: number;
  readonly name: string;
  readonly leanplumAppId: string | null;
  readonly bloomreachToken: string | null;
  readonly keys: number;
}

export function addProjects(program: Command, open: OpenTerminal): void {
  const projects = program.command('projects').description('list, create and set up projects');
  addList(projects, open);
  addCreate(projects, open);
  addSettings(projects, open);
}

function addList(projects: Command, open: OpenTerminal): void {
  projects
    .command('list')
    .description('all projects, in the order of their creation')
    .action(async (_options: unknown, command: Command) => {
      const terminal = open(command);
      const answer = await terminal.admin.call<{ projects: Project[] }>('GET', '/projects');
      terminal.show(answer, () =>
        table(
          ['NAME', 'LEANPLUM APP ID', 'BLOOMREACH TOKEN', 'KEYS', 'ID'],
          answer.projects.map((it) => [
            it.name,
            it.leanplumAppId ?? '-',
            it.bloomreachToken ?? '-',
            `${it.keys}`,
            `${it.id}`,
          ]),
        ),
      );
    });
}

function addCreate(projects: Command, open: OpenTerminal): void {
  projects
    .command('create')
    .description('make a project with one key of every class; the keys are shown this once')
    .argument('<name>', 'what it is to be called')
    .option('--leanplum-app <id>', 'Leanplum app id, for clients that have one (default: a new one)')
    .option('--bloomreach-token <uuid>', 'Bloomreach project token (default: a new one)')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const terminal = open(command);
      const body = {
        name,
        ...(options.leanplumApp !== undefined && { leanplumAppId: options.leanplumApp }),
        ...(options.bloomreachToken !== undefined && { bloomreachToken: options.bloomreachToken }),
      };
      const answer = await terminal.admin.call<{ project: Project; keys: CreatedKey[] }>(
        'POST',
        '/projects',
        body,
      );
      terminal.show(answer, () => describe(answer));
    });
}

interface Ids {
  readonly hard: readonly string[];
  readonly soft: readonly string[];
}

interface Settings {
  readonly ids: Ids;
  readonly legacySingleErrors200: boolean;
  readonly privateProperties: readonly string[];
  readonly consentCategories: readonly unknown[];
}

interface SettingsOptions {
  readonly legacySingleErrors200?: 'on' | 'off';
  readonly private: readonly string[];
  readonly notPrivate: readonly string[];
  readonly hardId: readonly string[];
  readonly softId: readonly string[];
  readonly dropId: readonly string[];
}

function addSettings(projects: Command, open: OpenTerminal): void {
  const collect = (name: string, before: readonly string[]) => [...before, name];
  projects
    .command('settings')
    .description("a project's settings; with an option, change it (consent categories: see consents)")
    .argument('<name>', "the project's name")
    .addOption(
      new Option(
        '--legacy-single-errors-200 <switch>',
        'answer failures of single Bloomreach routes with status 200, as the vendor once did',
      ).choices(['on', 'off']),
    )
    .option('--private <property>', 'anonymizing takes this property away (may be repeated)', collect, [])
    .option('--not-private <property>', 'anonymizing leaves this property (may be repeated)', collect, [])
    .option('--hard-id <type>', 'customers have one id of this type (may be repeated)', collect, [])
    .option('--soft-id <type>', 'customers have ids of this type (may be repeated)', collect, [])
    .option('--drop-id <type>', 'ids of this type are neither taken nor shown (may be repeated)', collect, [])
    .action(async (name: string, options: SettingsOptions, command: Command) => {
      const terminal = open(command);
      const path = `/projects/${encodeURIComponent(name)}/settings`;
      const before = await terminal.admin.call<Settings>('GET', path);
      const wanted = changesIn(options, before);
      const answer =
        Object.keys(wanted).length === 0
          ? before
          : await terminal.admin.call<Settings>('PATCH', path, { ...wanted });
      terminal.show(answer, () =>
        list([
          ['legacy single errors 200', answer.legacySingleErrors200 ? 'on' : 'off'],
          ['private properties', answer.privateProperties.join(', ') || '-'],
          ['hard ids', answer.ids.hard.join(', ')],
          ['soft ids', answer.ids.soft.join(', ')],
          ['consent categories', `${answer.consentCategories.length}`],
        ]),
      );
    });
}

/** What the options change; a list is changed as it was found. */
function changesIn(options: SettingsOptions, { privateProperties, ids }: Settings): Partial<Settings> {
  const { legacySingleErrors200: wanted, private: more, notPrivate: less } = options;
  const isListed = more.length + less.length > 0;
  const listed = new Set([...privateProperties, ...more]);
  for (const property of less) listed.delete(property);
  return {
    ...(wanted !== undefined && { legacySingleErrors200: wanted === 'on' }),
    ...(isListed && { privateProperties: [...listed] }),
    ...changesOfIds(options, ids),
  };
}

/** What is taken away first can be added again at another place. */
function changesOfIds({ hardId, softId, dropId }: SettingsOptions, { hard, soft }: Ids): { ids?: Ids } {
  if (hardId.length + softId.length + dropId.length === 0) return {};
  const join = (before: readonly string[], added: readonly string[]) => [
    ...new Set([...before.filter((it) => !dropId.includes(it)), ...added]),
  ];
  return { ids: { hard: join(hard, hardId), soft: join(soft, softId) } };
}

interface CreateOptions {
  readonly leanplumApp?: string;
  readonly bloomreachToken?: string;
}

function describe({ project, keys }: { project: Project; keys: readonly CreatedKey[] }): string {
  const lines = list([
    ['project', project.name],
    ['Leanplum app id', project.leanplumAppId ?? '-'],
    ['Bloomreach project token', project.bloomreachToken ?? '-'],
    ...keys.flatMap(describeKey),
  ]);
  return `${lines}\n\nKeep the keys: they are not shown again.`;
}
