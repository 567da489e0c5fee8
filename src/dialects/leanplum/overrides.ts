import type { CounterOverride, UpdateProfile } from '../../core/command.ts';
import { isJsonObject } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { attributesMax, type Limits } from './limits.ts';
import { isFault, numberOf, objectOf, type Parameters } from './parameters.ts';
import { isEventName, isName, skippedNames } from './rules/names.ts';

/** Lifetime counters of events and states that `setUserAttributes` sets or moves (contract 2.3). */
export function readCounterOverrides(
  parameters: Parameters,
  limits: Limits,
  warnings: string[],
): UpdateProfile['counters'] | Fault {
  const events = readCounters(parameters, { kind: 'event', limits, warnings });
  if (isFault(events)) return events;
  const states = readCounters(parameters, { kind: 'state', limits, warnings });
  return isFault(states) ? states : { events, states };
}

/** Profile times and totals that it overwrites. */
export function readTotals(parameters: Parameters): UpdateProfile['totals'] | Fault {
  const created = readNumber(parameters, 'created');
  const lastActive = readNumber(parameters, 'lastActive');
  const sessions = readNumber(parameters, 'totalSessions');
  const spent = readNumber(parameters, 'timeSpentInApp');
  for (const it of [created, lastActive, sessions, spent]) if (isFault(it)) return it;
  for (const [name, it] of [
    ['created', created],
    ['lastActive', lastActive],
    ['timeSpentInApp', spent],
  ] as const)
    if (Math.abs(it as number) > timeSecMax) return faults.invalid(name);
  if (Math.abs(sessions as number) > Number.MAX_SAFE_INTEGER) return faults.invalid('totalSessions');
  return {
    createdMs: toMs(created as number | null),
    lastActiveMs: toMs(lastActive as number | null),
    sessions: sessions === null ? null : Math.floor(sessions as number),
    spentMs: toMs(spent as number | null),
  };
}

/** All of them numbers, also as text; a date is none (contract 1.4, 2.3). */
const counterFields = [
  'count',
  'countIncrement',
  'value',
  'valueIncrement',
  'firstTime',
  'lastTime',
] as const;
/** Seconds from 1970 to the last moment that a date can hold, and back to the first. */
const timeSecMax = 8.64e12;
const counterFieldMax = {
  count: Number.MAX_SAFE_INTEGER,
  countIncrement: Number.MAX_SAFE_INTEGER,
  value: Number.MAX_VALUE,
  valueIncrement: Number.MAX_VALUE,
  firstTime: timeSecMax,
  lastTime: timeSecMax,
} as const satisfies Record<(typeof counterFields)[number], number>;

function readCounters(
  parameters: Parameters,
  { kind, limits, warnings }: { kind: 'event' | 'state'; limits: Limits; warnings: string[] },
): CounterOverride[] | Fault {
  const parameter = `${kind}s`;
  const given = objectOf(parameters, parameter);
  if (isFault(given)) return given;
  const entries = Object.entries(given ?? {});
  if (entries.length > attributesMax) return faults.tooMany(parameter, attributesMax);
  const overrides: CounterOverride[] = [];
  const isGood = (name: string) => (kind === 'event' ? isEventName : isName)(name, limits.nameLength);
  const skipped = entries.map(([name]) => name).filter((name) => !isGood(name));
  if (skipped.length > 0) warnings.push(skippedNames(kind, skipped));
  for (const [name, fields] of entries) {
    if (!isGood(name)) continue;
    if (!isJsonObject(fields)) return faults.badValue(kind, name);
    const read = (field: string) => {
      const number = readNumber(fields, field);
      return isFault(number) ? faults.badField(kind, name, field) : number;
    };
    const numbers = counterFields.map(read);
    const bad = numbers.find(isFault) ?? tooLarge(numbers as (number | null)[], kind, name);
    if (bad !== undefined) return bad;
    const [count, countBy, value, valueBy, firstSec, lastSec] = numbers as (number | null)[];
    const counts = { count: whole(count), countBy: whole(countBy) };
    overrides.push({
      name,
      ...counts,
      value: value ?? null,
      valueBy: valueBy ?? null,
      firstSec: firstSec ?? null,
      lastSec: lastSec ?? null,
    });
  }
  return overrides;
}

/** Counts that are no longer exact and times that are none would not come back as they were written. */
function tooLarge(
  numbers: readonly (number | null)[],
  kind: 'event' | 'state',
  name: string,
): Fault | undefined {
  for (const [i, number] of numbers.entries()) {
    const field = counterFields[i] as (typeof counterFields)[number];
    if (Math.abs(number ?? 0) > counterFieldMax[field]) return faults.badField(kind, name, field);
  }
  return undefined;
}

function readNumber(parameters: Parameters, name: string): number | null | Fault {
  const number = numberOf(parameters, name);
  return number ?? null;
}

function whole(number: number | null | undefined): number | null {
  return number === null || number === undefined ? null : Math.trunc(number);
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.max(0, Math.round(seconds * 1000));
}
