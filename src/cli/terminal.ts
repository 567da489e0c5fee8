import { AdminClient } from './client.ts';
import { showBytes } from './output.ts';

/** What a command may do to the world, and what is the same for all of them. */
export interface Terminal {
  /** Where the data is: --data, RAPPORT_DATA, or ./data. */
  readonly dataFolder: string;
  readonly admin: AdminClient;
  /** Writes the result: as JSON for programs, or as a text for people. */
  show(value: unknown, asText: () => string): void;
  /** Writes the result as it is. */
  write(text: string): void;
  /** Shows how far long work is, to people only. */
  progress(step: string, doneBytes: number, totalBytes: number): void;
  /** Ends the line of progress. */
  endProgress(): void;
}

export interface TerminalOptions {
  readonly dataFolder: string;
  readonly json: boolean;
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean };
}

const barColumns = 30;
const drawEveryMs = 100;

export function openTerminal({ dataFolder, json, stdout, stderr }: TerminalOptions): Terminal {
  let drawnMs = Number.NEGATIVE_INFINITY;
  const write = (text: string) => void stdout.write(`${text}\n`);
  return {
    dataFolder,
    admin: new AdminClient(dataFolder),
    show: (value, asText) => write(json ? JSON.stringify(value, null, 2) : asText()),
    write,
    progress: (step, doneBytes, totalBytes) => {
      const nowMs = performance.now();
      if (stderr.isTTY !== true || nowMs - drawnMs < drawEveryMs) return;
      drawnMs = nowMs;
      const share = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
      const bar = '#'.repeat(Math.round(share * barColumns)).padEnd(barColumns, '.');
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      stderr.write(`\r\u001b[K${step.padEnd(9)} [${bar}] ${percent} of ${showBytes(totalBytes)}`);
    },
    endProgress: () => {
      if (stderr.isTTY === true && Number.isFinite(drawnMs)) stderr.write('\r\u001b[K');
    },
  };
}
