import { Command } from 'commander';
import { addBackup } from './commands/backup.ts';
import { addConsents } from './commands/consents.ts';
import { addErasures } from './commands/erasures.ts';
import { addKeys } from './commands/keys.ts';
import { addLookups } from './commands/lookups.ts';
import { addProfile } from './commands/profile.ts';
import { addProjects } from './commands/projects.ts';
import { addRestore } from './commands/restore.ts';
import { addSql } from './commands/sql.ts';
import { addStatus } from './commands/status.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';

export interface ProgramOptions extends Pick<TerminalOptions, 'stdout' | 'stderr'> {
  /** The data folder when --data says none. */
  readonly defaultFolder: string;
}

/** Makes the terminal for the command that runs. */
export type OpenTerminal = (command: Command) => Terminal;

const help = `
Most commands ask the server that runs on the data folder, through its socket there.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no server runs, 4 not found.`;

/** All commands. Parsing throws `CommanderError` for a wrong command line, commands throw `CliFailure`. */
export function buildProgram({ defaultFolder, stdout, stderr }: ProgramOptions): Command {
  const program = new Command('rapport')
    .description("The operator's tool of a Rapport server.")
    .option('--data <folder>', 'data folder of the server (also: RAPPORT_DATA)', defaultFolder)
    .option('--json', 'write the result as JSON, for programs', false)
    .addHelpText('after', help)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(try --help)')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'rapport: ')),
    })
    .exitOverride();
  const open: OpenTerminal = (command) => {
    const { data, json } = command.optsWithGlobals<{ data: string; json: boolean }>();
    return openTerminal({ dataFolder: data, json, stdout, stderr });
  };
  const groups = [
    addProjects,
    addKeys,
    addConsents,
    addProfile,
    addErasures,
    addStatus,
    addLookups,
    addSql,
    addBackup,
    addRestore,
  ];
  for (const add of groups) add(program, open);
  return program;
}
