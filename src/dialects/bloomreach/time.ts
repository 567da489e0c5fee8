import { parseDecimal } from '../../lib/decimal.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { timestampEnd } from './limits.ts';

/** A time: seconds, `null` when it was left out, 'invalid' when it is no time. */
export type WireTime = number | null | 'invalid';

/** Seconds as a number or its text, or ISO 8601; milliseconds are not detected (contract 2.3). */
export function readTimestamp(value: Json | undefined): WireTime {
  if (value === undefined || value === null) return null;
  const seconds = typeof value === 'string' ? textToSeconds(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && seconds < timestampEnd ? seconds : 'invalid';
}

const isoDate = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function textToSeconds(text: string): number {
  const trimmed = text.trim();
  if (trimmed === '') return Number.NaN;
  const number = parseDecimal(trimmed);
  if (!Number.isNaN(number)) return number;
  if (!isoDate.test(trimmed) || !isDay(trimmed.slice(0, 10))) return Number.NaN;
  // A time without a zone is UTC.
  const zoned = /([Zz]|[+-]\d\d:?\d\d)$/.test(trimmed) || trimmed.length === 10 ? trimmed : `${trimmed}Z`;
  return Date.parse(zoned) / 1000;
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
