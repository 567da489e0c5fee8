import type { Command } from 'commander';
import { list, showDuration, showTime, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Shown {
  readonly project: string;
  readonly profile: {
    readonly id: number;
    readonly createdMs: number;
    readonly updatedMs: number;
    readonly lastActiveMs: number | null;
    readonly totalSessions: number;
    readonly timeSpentMs: number;
    readonly identities: readonly {
      readonly id: number;
      readonly kind: string;
      readonly value: string;
      readonly away: boolean;
    }[];
    readonly parts: readonly number[];
    readonly attributes: readonly {
      readonly name: string;
      readonly value: unknown;
      readonly setSec: number;
    }[];
    readonly counters: readonly {
      readonly name: string;
      readonly count: number;
      readonly valueSum: number | null;
      readonly firstSec: number;
      readonly lastSec: number;
    }[];
    readonly states: readonly {
      readonly name: string;
      readonly count: number;
      readonly firstSec: number;
      readonly lastSec: number;
    }[];
    readonly sessions: readonly {
      readonly id: number;
      readonly device: string | null;
      readonly openedMs: number;
      readonly lastActiveMs: number;
      readonly phase: string;
      readonly state: string | null;
    }[];
  };
  readonly history: readonly Readonly<Record<string, unknown>>[];
}

/** Members of a line that have a column of their own, say what the heading says already, or are too long for a line. */
const columns = new Set(['id', 'project', 'atMs', 'timeSec', 'kind', 'name', 'document']);

interface ShowOptions {
  readonly project?: string;
  readonly kind?: string;
  readonly limit: string;
}

export function addProfile(program: Command, open: OpenTerminal): void {
  const profile = program.command('profile').description('look at users');
  profile
    .command('show')
    .description('everything kept about one user, with the newest lines of the history first')
    .argument('<id>', 'an external id of either dialect, or the internal id')
    .option('--project <name>', "the project's name (default: the only one)")
    .option(
      '--kind <kind>',
      'what the id is: user, device, cookie, internal, or an id type of the project (default: whichever names somebody)',
    )
    .option('--limit <lines>', 'lines of history', '50')
    .action(async (id: string, options: ShowOptions, command: Command) => {
      const terminal = open(command);
      const query = new URLSearchParams({ id, limit: options.limit });
      if (options.project !== undefined) query.set('project', options.project);
      if (options.kind !== undefined) query.set('kind', options.kind);
      const shown = await terminal.admin.call<Shown>('GET', `/profile?${query}`);
      terminal.show(shown, () => describe(shown));
    });
}

function describe({ project, profile, history }: Shown): string {
  const facts = list([
    ['profile', `${profile.id} of project ${project}`],
    ...profile.identities.map(({ kind, value, away }): [string, string] => [
      kind,
      away ? `${value} (somebody else's now)` : value,
    ]),
    ...profile.parts.map((part): [string, string] => ['merged from', `${part}`]),
    ['created', showTime(profile.createdMs)],
    ['changed', showTime(profile.updatedMs)],
    ['last active', showTime(profile.lastActiveMs)],
    ['sessions', `${profile.totalSessions}, ${showDuration(profile.timeSpentMs / 1000)} in all`],
    ...profile.sessions.map((it): [string, string] => [
      'open session',
      `since ${showTime(it.openedMs)}, ${it.phase}, last ${showTime(it.lastActiveMs)}, state ${it.state ?? '-'}, device ${it.device ?? '-'}`,
    ]),
  ]);
  const parts = [
    facts,
    section(
      ['ATTRIBUTE', 'SET', 'VALUE'],
      profile.attributes.map((it) => [it.name, showTime(it.setSec * 1000), JSON.stringify(it.value)]),
    ),
    section(
      ['EVENT', 'COUNT', 'SUM', 'FIRST', 'LAST'],
      profile.counters.map((it) => [
        it.name,
        `${it.count}`,
        it.valueSum === null ? '-' : `${it.valueSum}`,
        showTime(it.firstSec * 1000),
        showTime(it.lastSec * 1000),
      ]),
    ),
    section(
      ['STATE', 'COUNT', 'FIRST', 'LAST'],
      profile.states.map((it) => [
        it.name,
        `${it.count}`,
        showTime(it.firstSec * 1000),
        showTime(it.lastSec * 1000),
      ]),
    ),
    section(
      ['TIME', 'LINE', 'NAME', 'REST'],
      history.map((line) => describeLine(line, profile.id)),
    ),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function section(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : table(heading, rows);
}

/** A line of a part says of which one it is. */
function describeLine(line: Readonly<Record<string, unknown>>, profile: number): string[] {
  const rest = Object.entries(line).filter(
    ([name, value]) =>
      !columns.has(name) && value !== null && value !== false && !(name === 'profile' && value === profile),
  );
  const timeSec = Number(line['timeSec']);
  return [
    Number.isFinite(timeSec) ? showTime(timeSec * 1000) : '-',
    String(line['kind'] ?? '-'),
    String(line['name'] ?? '-'),
    rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '),
  ];
}
