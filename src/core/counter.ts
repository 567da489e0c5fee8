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
  counter.count += 1;
  if (value !== null) counter.valueSum = addFinite(counter.valueSum ?? 0, value);
  counter.firstSec = Math.min(counter.firstSec, timeSec);
  counter.lastSec = Math.max(counter.lastSec, timeSec);
  return false;
}

/** A sum that JSON can say: it stops at the largest number instead of becoming Infinity. */
export function addFinite(a: number, b: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, a + b));
}

/** How often something was counted in all, whatever its name. */
export function totalCount(counters: ReadonlyMap<string, Counter>): number {
  let total = 0;
  for (const { count } of counters.values()) total += count;
  return total;
}
