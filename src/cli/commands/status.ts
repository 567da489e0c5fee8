import type { Command } from 'commander';
import { list, showBytes, showDuration, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

interface Status {
  readonly version: string;
  readonly node: string;
  readonly schema: number;
  readonly pid: number;
  readonly address: string;
  readonly dataFolder: string;
  readonly uptimeSec: number;
  readonly projects: number;
  readonly callers: readonly {
    readonly name: string;
    readonly answered: number;
    readonly refused: number;
    readonly failed: number;
    readonly perSecond: number;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  }[];
  readonly engine: Readonly<
    Record<
      | 'items'
      | 'itemsPerSecond'
      | 'lines'
      | 'groups'
      | 'refused'
      | 'queued'
      | 'queuedBytes'
      | 'inFlight'
      | 'cacheBytes',
      number
    >
  >;
  readonly history: { readonly lagLines: number; readonly lagSeconds: number };
  readonly disk: Readonly<
    Record<'databaseBytes' | 'walBytes' | 'historyBytes' | 'otherBytes' | 'freeBytes', number>
  >;
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
}

export function addStatus(program: Command, open: OpenTerminal): void {
  program
    .command('status')
    .description('what the server is, how much it does, how long it takes, how much room there is')
    .action(async (_options: unknown, command: Command) => {
      const terminal = open(command);
      const status = await terminal.admin.call<Status>('GET', '/status');
      terminal.show(status, () => describe(status));
    });
}

function describe(status: Status): string {
  const { engine, disk, memory, history } = status;
  const facts = list([
    [
      'server',
      `Rapport ${status.version} on Node ${status.node}, process ${status.pid}, up ${showDuration(status.uptimeSec)}`,
    ],
    ['address', status.address],
    ['data folder', `${status.dataFolder} (schema ${status.schema}, ${status.projects} projects)`],
    [
      'items',
      `${whole(engine.itemsPerSecond)} a second; ${engine.items} since the start, ${engine.lines} lines, ${engine.groups} commits`,
    ],
    [
      'queue',
      `${engine.queued} requests (${showBytes(engine.queuedBytes)}), ${engine.inFlight} commits on their way, ${engine.refused} refused`,
    ],
    ['history', `${history.lagLines} lines behind (${history.lagSeconds} s)`],
    [
      'disk',
      `database ${showBytes(disk.databaseBytes)}, WAL ${showBytes(disk.walBytes)}, history ${showBytes(disk.historyBytes)}, other ${showBytes(disk.otherBytes)}; ${showBytes(disk.freeBytes)} free`,
    ],
    ['memory', `${showBytes(memory.residentBytes)}, states in memory ${showBytes(engine.cacheBytes)}`],
  ]);
  const callers = table(
    ['CALLER', 'A SECOND', 'ANSWERED', '4XX', '5XX', 'P50', 'P99'],
    status.callers.map((it) => [
      it.name,
      whole(it.perSecond),
      `${it.answered}`,
      `${it.refused}`,
      `${it.failed}`,
      showMs(it.p50Ms),
      showMs(it.p99Ms),
    ]),
  );
  return `${facts}\n\n${callers}`;
}

function whole(perSecond: number): string {
  return perSecond.toFixed(perSecond < 10 ? 1 : 0);
}

function showMs(ms: number | null): string {
  return ms === null ? '-' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
