/** The command line tool: `rapport --help`. */
import { CommanderError } from 'commander';
import { settingDocs } from '../config.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { visible } from './output.ts';
import { buildProgram } from './program.ts';

// Whoever reads our output may have seen enough of it (`| head`).
process.stdout.on('error', (error: { code?: string }) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
});

try {
  await buildProgram({
    defaultFolder: process.env['RAPPORT_DATA'] || settingDocs.RAPPORT_DATA.default,
    stdout: process.stdout,
    stderr: process.stderr,
  }).parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has said what is wrong already; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const { message } = error as Error;
  process.stderr.write(`rapport: ${visible(message)}\n`);
  return error instanceof CliFailure ? error.exitCode : exitCodes.failed;
}
