import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Row, selectRows } from './rows.ts';

export interface Options {
  readonly profiles: number;
  /** Length of one measured window of the real server. */
  readonly windowMs: number;
  readonly rows: readonly Row[];
  readonly cpuProfile: boolean;
  /** The data folders are made in here and removed afterwards. */
  readonly parentFolder: string;
  readonly outFile: string;
}

const usage = `npm run bench -- [options]
  --profiles N   profiles in the filled store, 0 leaves it out (100000)
  --seconds S    length of each measured window (3.5)
  --rows a,b     only these: multi50, multi500, batch10, batch1, links, track, event, half,
                 sdk, start, start60, exportUser, events
  --data FOLDER  where the data folders go, on a real disk (node_modules/.cache)
  --cpu-prof     write .cpuprofile files of the server's threads
RAPPORT_BENCH_OUT names the JSON file (bench.json).`;

const tmpfsType = 0x01021994;

/** Gives nothing when only help was asked for, which is then printed. */
export function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      profiles: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '3.5' },
      rows: { type: 'string' },
      data: { type: 'string', default: join(import.meta.dirname, '../node_modules/.cache') },
      'cpu-prof': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  return {
    profiles: positive('--profiles', values.profiles, 0),
    windowMs: positive('--seconds', values.seconds, 0.1) * 1000,
    rows: selectRows(values.rows),
    cpuProfile: values['cpu-prof'],
    parentFolder: realFolder(values.data),
    outFile: process.env['RAPPORT_BENCH_OUT'] ?? 'bench.json',
  };
}

function positive(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= min) return value;
  throw new Error(`${name} must be a number of at least ${min}, not "${text}"`);
}

/** A sync that only reaches memory costs nothing: figures from there would flatter. */
function realFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  if (statfsSync(folder).type === tmpfsType)
    throw new Error(`${folder} is in memory; choose a disk with --data`);
  return folder;
}
