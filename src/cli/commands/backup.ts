import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { CliFailure } from '../failure.ts';
import { showBytes, showDuration } from '../output.ts';
import type { OpenTerminal } from '../program.ts';
import type { Terminal } from '../terminal.ts';

interface Backup {
  readonly id: string;
  readonly folder: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly step: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly problem: string | null;
}

const askEveryMs = 100;

export function addBackup(program: Command, open: OpenTerminal): void {
  program
    .command('backup')
    .description('copy all data, consistently, while the server works; everything answered before is in it')
    .argument('<folder>', 'a new or empty folder; complete when it holds manifest.json')
    .action(async (folder: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const started = await terminal.admin.call<Backup>('POST', '/backups', { folder: resolve(folder) });
      const ended = await follow(started, terminal);
      if (ended.state === 'failed') throw new CliFailure('failed', `The backup failed: ${ended.problem}`);
      terminal.show(ended, () => {
        const seconds = ((ended.endedMs ?? ended.startedMs) - ended.startedMs) / 1000;
        return `The backup is complete: ${ended.folder} (${showBytes(ended.totalBytes)} in ${showDuration(seconds)}).`;
      });
    });
}

async function follow(started: Backup, terminal: Terminal): Promise<Backup> {
  let backup = started;
  while (backup.state === 'running') {
    terminal.progress(backup.step, backup.doneBytes, backup.totalBytes);
    await setTimeout(askEveryMs);
    backup = await terminal.admin.call<Backup>('GET', `/backups/${backup.id}`);
  }
  terminal.endProgress();
  return backup;
}
