import type { WorkloadName } from './workloads.ts';

export interface Row {
  /** What `--rows` calls it. */
  readonly key: string;
  readonly title: string;
  readonly workload: WorkloadName;
  readonly connections: number;
  /** Paced at this share of another row's peak; without it, the row finds its own peak. */
  readonly pacedBy?: { readonly key: string; readonly share: number };
  /** A row that has to have run before: it leaves the users that this one asks for. */
  readonly after?: string;
  /** Only so many users, to each of whom this is sent once before. */
  readonly prepared?: { readonly users: number; readonly workload: WorkloadName };
}

/** "50×10": fifty items in a request, ten for each of its users. */
export const allRows: readonly Row[] = [
  { key: 'multi50', title: 'leanplum multi 50×10', workload: 'multi50', connections: 16 },
  { key: 'multi500', title: 'leanplum multi 500×10', workload: 'multi500', connections: 16 },
  { key: 'batch10', title: 'bloomreach batch 50×10', workload: 'batch10', connections: 16 },
  { key: 'batch1', title: 'bloomreach batch 50×1', workload: 'batch1', connections: 16 },
  {
    key: 'links',
    title: 'bloomreach batch of 50, 15 link ids',
    workload: 'links',
    connections: 16,
    after: 'batch10',
  },
  { key: 'track', title: 'leanplum track, 128 connections', workload: 'track', connections: 128 },
  {
    key: 'event',
    title: 'bloomreach customers/events, 128 connections',
    workload: 'event',
    connections: 128,
  },
  {
    key: 'half',
    title: 'leanplum multi 50×10 at half rate',
    workload: 'multi50',
    connections: 16,
    pacedBy: { key: 'multi50', share: 0.5 },
  },
  { key: 'sdk', title: 'phones: start, 5 tracks, attributes', workload: 'sdk', connections: 64 },
  { key: 'start', title: 'phones: start alone', workload: 'start', connections: 64 },
  {
    key: 'start60',
    title: 'phones: start alone at 60 % of its rate',
    workload: 'start',
    connections: 64,
    pacedBy: { key: 'start', share: 0.6 },
  },
  {
    key: 'exportUser',
    title: 'leanplum exportUser',
    workload: 'exportUser',
    connections: 16,
    after: 'sdk',
  },
  {
    key: 'events',
    title: 'bloomreach data customers/events, 128 connections',
    workload: 'events',
    connections: 128,
    prepared: { users: 2_000, workload: 'visit' },
  },
];

/** A paced row needs the peak that it is paced by, another one needs its users: they bring those rows along. */
export function selectRows(names: string | undefined): readonly Row[] {
  if (names === undefined) return allRows;
  const keys = new Set(names.split(','));
  for (const key of keys) {
    const row = allRows.find((candidate) => candidate.key === key);
    if (row === undefined)
      throw new Error(`There is no row "${key}", only ${allRows.map((r) => r.key).join(', ')}`);
    for (const other of [row.pacedBy?.key, row.after]) if (other !== undefined) keys.add(other);
  }
  return allRows.filter((row) => keys.has(row.key));
}
