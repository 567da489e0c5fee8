import { parseDecimal } from '../../lib/decimal.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { timestampEnd } from './limits.ts';

/** A time: seconds, `null` when it was left out, 'invalid' when it is no time. */
export type WireTime = number | null | 'invalid';

/**
 * Seconds as a number or its text, or ISO 8601; milliseconds are not detected (contract 2.3). Also what JavaScript makes of
 * a date (`toUTCString`), since there are clients that send it.
 */
export function readTimestamp(value: Json | undefined): WireTime {
  if (value === undefined || value === null) return null;
  const seconds = typeof value === 'string' ? textToSeconds(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && seconds < timestampEnd ? seconds : 'invalid';
}

const isoDate = /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function textToSeconds(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '') return Number.NaN;
  const number = parseDecimal(trimmed);
  if (!Number.isNaN(number)) return number;
  const [iso, day = '', time, , fraction = '', zone] = isoDate.exec(trimmed) ?? [];
  if (iso === undefined) return utcStringToSeconds(trimmed);
  if (!isDay(day)) return Number.NaN;
  // A time without a zone is UTC. `Date` would cut the fraction to milliseconds.
  const whole = iso.replace(fraction, '') + (time !== undefined && zone === undefined ? 'Z' : '');
  return Number(`${Date.parse(whole) / 1000}${fraction}`);
}

function utcStringToSeconds(text: string): number {
  const date = new Date(text);
  return date.toUTCString() === text ? date.getTime() / 1000 : Number.NaN;
}

/** Whether a day exists: Date.parse makes 1 March of 30 February. */
function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** `age` in seconds before arrival; wins over `timestamp`, since a wrong clock does not matter to it (contract 2.3). */
export function readAge(data: JsonObject, receivedMs: number): WireTime {
  const age = data['age'];
  return typeof age === 'number' && Number.isFinite(age) ? readTimestamp(receivedMs / 1000 - age) : null;
}
