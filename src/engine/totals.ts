import type { Applied } from '../core/apply.ts';
import type { ProjectId } from '../core/ids.ts';
import { aheadSec } from '../core/limits.ts';
import type { EngineOptions } from './engine-options.ts';

/** What is counted since the start. */
export interface Totals {
  batches: number;
  items: number;
  events: number;
  groups: number;
  refused: number;
  /** Items that were left out, or in part, since their project has as many names as it may have. */
  skipped: number;
  /** Events whose time is more than a day after their arrival. */
  ahead: number;
}

export function noTotals(): Totals {
  return { batches: 0, items: 0, events: 0, groups: 0, refused: 0, skipped: 0, ahead: 0 };
}

/** Counts what became of one item, and tells those whom its caller cannot tell. */
export function countItem(
  { outcome, lines }: Applied,
  project: ProjectId,
  { totals, options }: { totals: Totals; options: EngineOptions },
): void {
  totals.events += lines.length;
  for (const { kind, timeSec, atMs } of lines) {
    if (kind === 'event' && timeSec - atMs / 1000 > aheadSec) totals.ahead += 1;
  }
  if (outcome.code === 'failed') options.onBug(outcome.error);
  if ('names' in outcome && outcome.names?.some(({ why }) => why === 'full')) {
    totals.skipped += 1;
    options.onNamesFull?.(project);
  }
}
