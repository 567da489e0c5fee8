import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliFailure } from '../failure.ts';
import { showBytes, showTime } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

export function addRestore(program: Command, open: OpenTerminal): void {
  program
    .command('restore')
    .description('make a data folder from a backup, after checking all of it; needs no server')
    .argument('<backup>', 'the folder of the backup; the data folder (--data) must be new or empty')
    .action(async (folder: string, _options: unknown, command: Command) => {
      // No other command needs what checks a backup, and it takes most of the time in which the tool starts.
      const { BackupError } = await import('../../backup/manifest.ts');
      const { restoreBackup } = await import('../../backup/restore.ts');
      const terminal = open(command);
      const dataFolder = resolve(terminal.dataFolder);
      try {
        const { createdMs, files } = restoreBackup({
          source: resolve(folder),
          dataFolder,
          onProgress: ({ step, doneBytes, totalBytes }) => terminal.progress(step, doneBytes, totalBytes),
        });
        terminal.endProgress();
        const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
        terminal.show({ dataFolder, createdMs, files: files.length, bytes }, () => {
          return `The backup of ${showTime(createdMs)} is restored: ${dataFolder} (${showBytes(bytes)}). Start the server on it.`;
        });
      } catch (error) {
        terminal.endProgress();
        if (error instanceof BackupError) throw new CliFailure('failed', error.message);
        throw error;
      }
    });
}
