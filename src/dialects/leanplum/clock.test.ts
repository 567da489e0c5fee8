import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../../lib/json.ts';
import { findPast, readActionTime, readCallClock } from './clock.ts';
import { faults } from './fault.ts';
import { isFault } from './parameters.ts';

const minute = 60;
const day = 86_400;
/** When the call arrives, by our clock, in seconds. */
const now = 1_767_225_600;

function clockOf(sent: Json | undefined, isBatch = true) {
  const clock = readCallClock(sent === undefined ? {} : { time: sent }, now * 1000, isBatch);
  assert.ok(!isFault(clock));
  return clock;
}

describe('the clock of a call', () => {
  const rows: readonly (readonly [name: string, sent: number, warning: string | undefined])[] = [
    ['right', now, undefined],
    ['less than a day behind', now - day + 1, undefined],
    ['one day behind', now - day, 'Device clock skew detected (1 days behind). Rewriting timestamp.'],
    [
      '736 days behind',
      now - 736.9 * day,
      'Device clock skew detected (736 days behind). Rewriting timestamp.',
    ],
    ['less than a day ahead', now + day - 1, undefined],
    ['one day ahead', now + day, 'Device clock skew detected (1 days ahead). Rewriting timestamp.'],
    ['ten days ahead', now + 10.5 * day, 'Device clock skew detected (10 days ahead). Rewriting timestamp.'],
  ];
  for (const [name, sent, warning] of rows) {
    test(`of a batch: ${name}`, () => {
      const expected = { receivedSec: now, sentSec: sent, isBatch: true, skewWarning: warning };
      assert.deepEqual(clockOf(sent), expected);
      assert.equal(clockOf(sent, false).skewWarning, undefined, 'a single call is taken at its word');
    });
  }

  for (const time of [undefined, null, '']) {
    test(`without a time (${JSON.stringify(time)})`, () => {
      const expected = { receivedSec: now, sentSec: undefined, isBatch: true, skewWarning: undefined };
      assert.deepEqual(clockOf(time), expected);
    });
  }

  test('milliseconds of arrival stay', () => {
    assert.equal((readCallClock({}, 1234, true) as { receivedSec: number }).receivedSec, 1.234);
  });

  for (const time of [
    'noon',
    ' ',
    '1e400',
    1.1e15,
    '-1e16',
    true,
    {},
    [now],
    JSON.parse('1e999'),
  ] as Json[]) {
    test(`a time that is none: ${JSON.stringify(time)}`, () => {
      assert.deepEqual(readCallClock({ time }, now * 1000, true), faults.invalid('time'));
      assert.deepEqual(readActionTime({ time }, clockOf(now)), faults.invalid('time'));
    });
  }
});

const past = (days: number) => ({ warning: `Past event detected (${days} days ago). Rewriting timestamp.` });
const wrong = now - 736 * day;

const inBatch: readonly (readonly [
  name: string,
  sent: Json | undefined,
  at: Json | undefined,
  timeSec: number,
  past?: { warning: string | undefined },
])[] = [
  ['no times', undefined, undefined, now],
  ['no time of its own: the time of sending, so now', now - 30, undefined, now],
  ['with equal right clocks its own time', now, now - 30, now - 30],
  ['texts count as numbers', `${now}`, `${now - 30}.500000`, now - 29.5],
  ['exponents too', now, '1.76722557E9', now - 30],
  ['the sender is a minute behind', now - minute, now - minute - 10, now - 10],
  ['the sender is a minute ahead', now + minute, now + minute - 10, now - 10],
  ['a wrong clock is taken out', wrong, wrong - 10, now - 10],
  ['a frozen clock', wrong, wrong, now],
  ['no time of its own beside a wrong clock', wrong, undefined, now],
  ['later than its sending: now', now, now + 100, now],
  ['only its own time', undefined, now - 100, now - 100],
  ['only its own time, in the future', undefined, now + 100, now],
  ['exactly 365 days before sending', now, now - 365 * day, now - 365 * day],
  [
    '365 days and 10 minutes before sending',
    now,
    now - 365 * day - 10 * minute,
    now - 365 * day - 10 * minute,
    past(365),
  ],
  ['731 days before sending', now, now - 731 * day, now - 731 * day, past(731)],
  [
    'both warnings would apply: that of the clock is said for the whole batch',
    wrong,
    wrong - 731 * day,
    now - 731 * day,
    { warning: undefined },
  ],
];

describe('the time of an action', () => {
  for (const [name, sent, at, timeSec, pastEvent] of inBatch) {
    test(`in a batch: ${name}`, () => {
      const action = at === undefined ? {} : { time: at };
      assert.equal(readActionTime(action, clockOf(sent)), timeSec);
      assert.deepEqual(findPast(timeSec, clockOf(sent)), pastEvent);
    });
  }

  const single: readonly (readonly [string, Json | undefined, number])[] = [
    ['without a time: now', undefined, now],
    ['null is absent', null, now],
    ['as it is', now - 30, now - 30],
    ['also if it is long ago', now - 731 * day, now - 731 * day],
    ['never later than now', now + 30, now],
  ];
  for (const [name, at, timeSec] of single) {
    test(`of a single call: ${name}`, () => {
      const action = at === undefined ? {} : { time: at };
      assert.equal(readActionTime(action, clockOf(at, false)), timeSec);
      assert.equal(findPast(timeSec, clockOf(at, false)), undefined);
    });
  }
});
