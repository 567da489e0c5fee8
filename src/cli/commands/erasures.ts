import type { Command } from 'commander';
import { showTime, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Receipt {
  readonly id: number;
  readonly project: string;
  readonly profile: number;
  readonly scope: string;
  readonly askedMs: number;
  readonly doneMs: number | null;
  readonly files: number;
  readonly lines: number;
}

export function addErasures(program: Command, open: OpenTerminal): void {
  program
    .command('erasures')
    .description('receipts of what was erased, newest first')
    .option('--limit <rows>', 'how many', '50')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const terminal = open(command);
      const query = new URLSearchParams({ limit });
      const answer = await terminal.admin.call<{ erasures: Receipt[] }>('GET', `/erasures?${query}`);
      terminal.show(answer, () =>
        table(
          ['PROFILE', 'PROJECT', 'WHAT', 'ASKED', 'OUT OF ALL FILES', 'FILES', 'LINES'],
          answer.erasures.map((it) => [
            `${it.profile}`,
            it.project,
            it.scope,
            showTime(it.askedMs),
            showTime(it.doneMs),
            `${it.files}`,
            `${it.lines}`,
          ]),
        ),
      );
    });
}
