import assert from 'node:assert/strict';
import type { Line } from '../../core/line.ts';
import { append, type Check, end, type HistoryUnderTest, linesOf, numbersOf } from './history-under-test.ts';
import { eventId, eventLine, profileId, shop, writeSet } from './write-sets.ts';

/** Who is erased is not found any more from the commit on, wherever the lines lie then. */
export function erasures(check: Check): void {
  const attributesLine = (n: number, of: number): Line => ({
    kind: 'attributes',
    id: eventId(n),
    project: shop,
    profile: profileId(of),
    atMs: 1_700_000_000_000,
    timeSec: n,
    session: null,
    params: { email: 'a@example.com' },
  });
  const erase = (under: HistoryUnderTest, of: number, upTo: number, scope: 'all' | 'personal') =>
    under.append(
      writeSet({ erasures: [{ project: shop, profile: profileId(of), upTo: eventId(upTo), scope }] }),
    );
  const of = async (under: HistoryUnderTest, ...numbers: number[]) =>
    numbersOf(await linesOf(under, shop, numbers.map(profileId), end));

  check('everything up to a line, of one profile alone', async (under) => {
    await append(under, [eventLine(1, 1), eventLine(2, 2), attributesLine(3, 1)], [eventLine(4, 1)]);
    await erase(under, 1, 3, 'all');
    await append(under, [eventLine(5, 1)]);
    assert.deepEqual(await of(under, 1), [4, 5]);
    assert.deepEqual(await of(under, 1, 2), [2, 4, 5]);
  });

  check('what says who he is, while what he did stays', async (under) => {
    await append(under, [eventLine(1, 1), attributesLine(2, 1), eventLine(3, 1), attributesLine(4, 2)]);
    await append(under, [attributesLine(5, 1), eventLine(6, 1)]);
    await erase(under, 1, 5, 'personal');
    await append(under, [attributesLine(7, 1)]);
    assert.deepEqual(await of(under, 1), [1, 3, 6, 7]);
    assert.deepEqual(await of(under, 2), [4]);
  });

  check('several at once, one of them all that there is', async (under) => {
    await append(under, [eventLine(1, 1)], [eventLine(2, 2), eventLine(3, 3)]);
    const both = [1, 3].map((n) => ({
      project: shop,
      profile: profileId(n),
      upTo: eventId(3),
      scope: 'all' as const,
    }));
    await under.append(writeSet({ erasures: both }));
    await append(under, [eventLine(4, 2)]);
    assert.deepEqual(await of(under, 1), []);
    assert.deepEqual(await of(under, 3), []);
    assert.deepEqual(await of(under, 2), [2, 4]);
  });
}
