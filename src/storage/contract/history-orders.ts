import assert from 'node:assert/strict';
import type { Line } from '../../core/line.ts';
import {
  append,
  type Check,
  end,
  type HistoryUnderTest,
  linesOf,
  numbersOf,
  pageOf,
} from './history-under-test.ts';
import { eventLine, profileId, shop } from './write-sets.ts';

/** Six events of one profile in three groups, the times not in the order of arrival, two of them the same. */
const times = [50, 10, 40, 10, 60, 20];

async function appendTimes(under: HistoryUnderTest): Promise<void> {
  const lines = times.map((timeSec, index) => ({ ...eventLine(index + 1, 1), timeSec }));
  await append(under, lines.slice(0, 2), lines.slice(2, 4), lines.slice(4));
}

export async function readInPages(
  under: HistoryUnderTest,
  wanted: { by: 'time' | 'id'; order: 'asc' | 'desc'; limit: number },
): Promise<Line[]> {
  const read: Line[] = [];
  for (;;) {
    const last = read.at(-1);
    const after = last && { timeSec: last.timeSec, id: last.id };
    const asked = { ...wanted, ...(after && { after }) };
    const { lines, isLast } = await pageOf(under, shop, profileId(1), end, asked);
    assert.ok(lines.length <= wanted.limit);
    read.push(...lines);
    if (isLast) return read;
    assert.ok(lines.length > 0, 'a page that is not the last has lines');
  }
}

/** In which order lines come, whole and in pages. */
export function orders(check: Check): void {
  const expected = {
    time: { asc: [2, 4, 6, 3, 1, 5], desc: [5, 1, 3, 6, 4, 2] },
    id: { asc: [1, 2, 3, 4, 5, 6], desc: [6, 5, 4, 3, 2, 1] },
  };
  check('by time and by id, from both ends, whole and in pages of every size', async (under) => {
    await appendTimes(under);
    for (const by of ['time', 'id'] as const) {
      for (const order of ['asc', 'desc'] as const) {
        for (const limit of [1, 2, 3, 5, 6, 100]) {
          const read = await readInPages(under, { by, order, limit });
          assert.deepEqual(numbersOf(read), expected[by][order], `by ${by}, ${order}, pages of ${limit}`);
        }
      }
    }
  });

  check('the newest by time come first although older ones arrived later', async (under) => {
    const lines = Array.from({ length: 20 }, (_, n) => ({ ...eventLine(n + 1, 1), timeSec: (n * 7) % 20 }));
    for (const line of lines) await append(under, [line]);
    const newest = [...lines].sort((a, b) => b.timeSec - a.timeSec).slice(0, 5);
    const asked = { by: 'time', order: 'desc', limit: 5 } as const;
    assert.deepEqual(await linesOf(under, shop, profileId(1), end, asked), newest);
  });

  check('a time that decimals cannot say exactly is where the next page begins', async (under) => {
    const odd = [0.1, 0.2, 0.1 + 0.2, 1 / 3, 1e-7, 99999999999.99998];
    await append(
      under,
      odd.map((timeSec, index) => ({ ...eventLine(index + 1, 1), timeSec })),
    );
    const first = await linesOf(under, shop, profileId(1), end, { by: 'time', limit: 3 });
    const last = first.at(-1) as Line;
    const after = { timeSec: last.timeSec, id: last.id };
    const rest = await linesOf(under, shop, profileId(1), end, { by: 'time', after });
    assert.deepEqual(
      [...first, ...rest].map((line) => line.timeSec),
      [...odd].sort((a, b) => a - b),
    );
  });
}
