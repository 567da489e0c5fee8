import type { CounterOverride, UpdateProfile } from '../../core/command.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
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

/** Seconds from 1970 to the last moment that a date can hold, and back to the first. */
const timeSecMax = 8.64e12;
/**
 * What may be said of a counter, and how large it may be: counts that are no longer exact and times that are none would not
 * come back as they were written. All are numbers, also as text; a date is none (contract 1.4, 2.3).
 */
const counterFields = {
  count: Number.MAX_SAFE_INTEGER,
  countIncrement: Number.MAX_SAFE_INTEGER,
  value: Number.MAX_VALUE,
  valueIncrement: Number.MAX_VALUE,
  firstTime: timeSecMax,
  lastTime: timeSecMax,
} as const;

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
    const override = readOverride(name, fields);
    if (typeof override === 'string') return faults.badField(kind, name, override);
    overrides.push(override);
  }
  return overrides;
}

/** Answers the name of the field that cannot be read. */
function readOverride(name: string, fields: JsonObject): CounterOverride | string {
  const read = {} as Record<keyof typeof counterFields, number | null>;
  for (const [field, max] of Object.entries(counterFields) as [keyof typeof counterFields, number][]) {
    const number = readNumber(fields, field);
    if (isFault(number) || Math.abs(number ?? 0) > max) return field;
    read[field] = number;
  }
  return {
    name,
    count: whole(read.count),
    countBy: whole(read.countIncrement),
    value: read.value,
    valueBy: read.valueIncrement,
    firstSec: read.firstTime,
    lastSec: read.lastTime,
  };
}

function readNumber(parameters: Parameters, name: string): number | null | Fault {
  const number = numberOf(parameters, name);
  return number ?? null;
}

function whole(number: number | null): number | null {
  return number === null ? null : Math.trunc(number);
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.max(0, Math.round(seconds * 1000));
}
