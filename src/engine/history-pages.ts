import type { Line } from '../core/line.ts';
import { type History, linesPerReadMax, type WantedLines } from './store.ts';

/** What of a profile's history is wanted, of any length. */
export interface WantedHistory extends Omit<WantedLines, 'limit' | 'after'> {
  /** Lines left out at the beginning. */
  readonly skip?: number;
  /** Lines after those. */
  readonly limit?: number;
}

/** Reads a history page by page, so that one page at a time is in memory however long it is. */
export async function* readPages(history: History, wanted: WantedHistory): AsyncGenerator<readonly Line[]> {
  const { skip = 0, limit = Number.POSITIVE_INFINITY, ...rest } = wanted;
  let toSkip = skip;
  let left = limit;
  let after: WantedLines['after'];
  while (left > 0) {
    const asked = Math.min(linesPerReadMax, toSkip + left);
    const { lines, isLast } = await history.linesOf({
      ...rest,
      limit: asked,
      ...(after !== undefined && { after }),
    });
    const kept = lines.slice(toSkip, toSkip + left);
    toSkip -= lines.length - kept.length;
    left -= kept.length;
    if (kept.length > 0) yield kept;
    const last = lines.at(-1);
    if (last === undefined || isLast) return;
    after = { timeSec: last.timeSec, id: last.id };
  }
}
