import { isLargerThan, type JsonObject, notFinite, tooDeep, weighJson } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { nameLengthMax, valueBytesMax } from './limits.ts';

/** Checks the names and values of `params` or `userAttributes` against the limits; the first problem, if any. */
export function findBadEntry(
  entries: JsonObject,
  options: { parameter: string; kind: string; entriesMax: number },
): Fault | undefined {
  let count = 0;
  for (const name in entries) {
    const value = entries[name] as JsonObject[string];
    count += 1;
    if (count > options.entriesMax) return faults.tooMany(options.parameter, options.entriesMax);
    if (name === '' || name.length > nameLengthMax)
      return faults.badName(options.kind, name.slice(0, nameLengthMax));
    const weight = weighJson(value);
    if (weight === notFinite || weight === tooDeep) return faults.badValue(options.kind, name);
    if (isLargerThan(value, weight, valueBytesMax))
      return faults.tooLarge(options.parameter, name, valueBytesMax);
  }
  return undefined;
}
