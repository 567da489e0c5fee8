import { cpus } from 'node:os';

export interface Figures {
  readonly name: string;
  readonly itemsPerSecond: number;
  readonly nullItemsPerSecond: number;
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerItem: number;
  readonly bytesPerEvent: number;
  readonly stored: number;
  readonly acknowledged: number;
}

/** What the table says besides: these explain a figure and are not figures of the server. */
export interface Side {
  readonly nullCpuUsPerItem: number;
  readonly generatorUsPerItem: number;
  /** At the rate of a paced row: of the null server, and of one whose answers wait for a sync of the same disk. */
  readonly nullP99Ms?: number;
  readonly syncP99Ms?: number;
}

export interface TableRow {
  readonly figures: Figures;
  readonly side: Side;
}

const columns: readonly (readonly [string, (row: TableRow) => string])[] = [
  ['row', ({ figures }) => figures.name],
  ['items/s', ({ figures }) => whole(figures.itemsPerSecond)],
  ['null', ({ figures }) => whole(figures.nullItemsPerSecond)],
  ['ratio', ({ figures }) => `${(figures.ratio * 100).toFixed(0)} %`],
  ['p50 ms', ({ figures }) => figures.p50Ms.toFixed(1)],
  ['p99 ms', ({ figures }) => figures.p99Ms.toFixed(1)],
  ['cpu µs', ({ figures }) => figures.cpuUsPerItem.toFixed(1)],
  ['null µs', ({ side }) => side.nullCpuUsPerItem.toFixed(1)],
  ['load µs', ({ side }) => side.generatorUsPerItem.toFixed(1)],
  ['null p99', ({ side }) => orNothing(side.nullP99Ms)],
  ['sync p99', ({ side }) => orNothing(side.syncP99Ms)],
  ['B/event', ({ figures }) => orNothing(figures.bytesPerEvent)],
  ['stored', ({ figures }) => whole(figures.stored)],
];

export function machine(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, Node ${process.version}`;
}

export function formatTable(rows: readonly TableRow[]): string {
  const texts = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, text]) => text(row)))];
  const widths = columns.map((_, column) => Math.max(...texts.map((cells) => cells[column]?.length ?? 0)));
  return texts.map((cells) => cells.map((text, column) => pad(text, column, widths)).join('  ')).join('\n');
}

function pad(text: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

/** What only reads leaves no bytes, and only a paced row has a rate at which others can be asked. */
function orNothing(value = Number.NaN): string {
  return Number.isNaN(value) ? '–' : value.toFixed(1);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
