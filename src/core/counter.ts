import type { Counter } from './profile.ts';

/** Counts one more of a name; answers whether the name is new. */
export function addToCounter(
  counters: Map<string, Counter>,
  { name, timeSec }: { readonly name: string; readonly timeSec: number },
  value: number | null,
): boolean {
  const counter = counters.get(name);
  if (counter === undefined) {
    counters.set(name, { name, count: 1, valueSum: value, firstSec: timeSec, lastSec: timeSec });
    return true;
  }
  counter.count = addCounts(counter.count, 1);
  if (value !== null) counter.valueSum = addFinite(counter.valueSum ?? 0, value);
  counter.firstSec = Math.min(counter.firstSec, timeSec);
  counter.lastSec = Math.max(counter.lastSec, timeSec);
  return false;
}

/** Adds what somebody else has counted; answers the names that both sides have. */
export function joinCounters(
  counters: Map<string, Counter>,
  others: ReadonlyMap<string, Counter>,
): readonly string[] {
  const shared: string[] = [];
  for (const other of others.values()) {
    const counter = counters.get(other.name);
    if (counter === undefined) {
      counters.set(other.name, { ...other });
      continue;
    }
    shared.push(other.name);
    counter.count = addCounts(counter.count, other.count);
    if (other.valueSum !== null) counter.valueSum = addFinite(counter.valueSum ?? 0, other.valueSum);
    counter.firstSec = Math.min(counter.firstSec, other.firstSec);
    counter.lastSec = Math.max(counter.lastSec, other.lastSec);
  }
  return shared;
}

/** A sum that JSON can say: it stops at the largest number instead of becoming Infinity. */
export function addFinite(a: number, b: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, a + b));
}

/** A sum of counts that is exact and that every reader's integers can hold: it stops where doubles begin to skip some. */
export function addCounts(a: number, b: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, a + b));
}

/** How often something was counted in all, whatever its name. */
export function totalCount(counters: ReadonlyMap<string, Counter>): number {
  let total = 0;
  for (const { count } of counters.values()) total = addCounts(total, count);
  return total;
}
