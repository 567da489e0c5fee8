import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, JsonObject } from '../../lib/json.ts';
import { timestampEnd } from './limits.ts';
import { readAge, readTimestamp, type WireTime } from './time.ts';

/** 2024-05-06T07:08:09Z */
const moment = 1_714_979_289;

describe('a timestamp', () => {
  const rows: readonly (readonly [Json | undefined, WireTime])[] = [
    [undefined, null],
    [null, null],
    [0, 0],
    [123_456.78, 123_456.78],
    [1_533_495_544.343536, 1_533_495_544.343536],
    // Milliseconds are not detected.
    [1_533_495_544_343, 'invalid'],
    [timestampEnd - 1, timestampEnd - 1],
    [timestampEnd, 'invalid'],
    [-1, 'invalid'],
    [JSON.parse('1e400'), 'invalid'],
    ['123456.78', 123_456.78],
    [' 123456 ', 123_456],
    ['1.5e9', 1_500_000_000],
    ['-5', 'invalid'],
    ['', 'invalid'],
    [' ', 'invalid'],
    ['NaN', 'invalid'],
    ['Infinity', 'invalid'],
    ['noon', 'invalid'],
    [true, 'invalid'],
    [[], 'invalid'],
    [[5], 'invalid'],
    [{}, 'invalid'],
    ['2024-05-06T07:08:09Z', moment],
    ['2024-05-06T07:08:09.250Z', moment + 0.25],
    ['2024-05-06T07:08:09.850230Z', 1_714_979_289.85023],
    ['2024-05-06T07:08:09.850231', 1_714_979_289.850231],
    ['2024-05-06T09:08:09.000001+02:00', 1_714_979_289.000001],
    ['2024-05-06T07:08:09+00:00', moment],
    ['2024-05-06T09:08:09+02:00', moment],
    ['2024-05-06T09:08:09+0200', moment],
    ['2024-05-06T02:38:09-04:30', moment],
    ['2024-05-06T07:08Z', moment - 9],
    // A time without a zone is UTC, and so is a day.
    ['2024-05-06T07:08:09', moment],
    ['2024-05-06 07:08:09', moment],
    ['2024-05-06 07:08:09Z', moment],
    ['2024-05-06T07:08', moment - 9],
    ['2024-05-06', 1_714_953_600],
    ['1970-01-01', 0],
    ['2024-02-29', 1_709_164_800],
    ['1969-12-31T23:59:59Z', 'invalid'],
    ['2024-13-01', 'invalid'],
    ['2024-05-32', 'invalid'],
    ['2024-02-30', 'invalid'],
    ['2023-02-29T12:00:00Z', 'invalid'],
    ['2024-05-06T25:00:00Z', 'invalid'],
    ['2024-05-06T07:60:00Z', 'invalid'],
    ['2024-05', 'invalid'],
    ['2024-05-06T', 'invalid'],
    ['06.05.2024', 'invalid'],
    ['May 6, 2024', 'invalid'],
    ['2024-05-06T07:08:09 GMT', 'invalid'],
    ['2024-05-06Z', 'invalid'],
    ['Mon, 06 May 2024 07:08:09 GMT', moment],
    ['Tue, 06 May 2024 07:08:09 GMT', 'invalid'],
    ['Mon, 06 May 2024 07:08:09 UTC', 'invalid'],
    ['Invalid Date', 'invalid'],
  ];
  for (const [value, expected] of rows) {
    test(`${JSON.stringify(value)} is ${expected}`, () => assert.equal(readTimestamp(value), expected));
  }

  // A machine outside of UTC reads the same.
  test('does not depend on where the server stands', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/St_Johns';
    try {
      for (const text of ['2024-05-06T07:08:09', '2024-05-06 07:08:09', '2024-05-06T09:08:09+0200']) {
        assert.equal(readTimestamp(text), moment, text);
      }
      assert.equal(readTimestamp('2024-05-06'), 1_714_953_600);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});

describe('an age', () => {
  const receivedMs = 2_000_500;
  const rows: readonly (readonly [JsonObject, WireTime])[] = [
    [{}, null],
    [{ age: 0 }, 2000.5],
    [{ age: 10.25 }, 1990.25],
    [{ age: 2000.5 }, 0],
    // A little into the future, by a clock that was set back meanwhile.
    [{ age: -5 }, 2005.5],
    [{ age: 2001 }, 'invalid'],
    [{ age: -1e12 }, 'invalid'],
    [{ age: null }, null],
    [{ age: '10' }, null],
    [{ age: true }, null],
    [{ age: JSON.parse('1e400') }, null],
  ];
  for (const [data, expected] of rows) {
    test(`${JSON.stringify(data)} is ${expected}`, () => assert.equal(readAge(data, receivedMs), expected));
  }
});
