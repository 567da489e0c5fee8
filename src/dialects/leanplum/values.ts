import { isLargerThan, type Json, type JsonObject, notFinite, tooDeep, weighJson } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { type Limits, valueBytesMax } from './limits.ts';
import { isFault, objectOf, type Parameters } from './parameters.ts';
import { isName, type NameKind, skippedNames } from './rules/names.ts';

const noParams: JsonObject = Object.freeze({});

/** The `params` of an event or state. */
export function readParams(parameters: Parameters, limits: Limits, warnings: string[]): JsonObject | Fault {
  const params = objectOf(parameters, 'params');
  if (params === undefined) return noParams;
  if (isFault(params)) return params;
  const entriesMax = limits.params;
  return readEntries(params, { parameter: 'params', kind: 'param', entriesMax, limits, warnings });
}

/**
 * The entries of `params` or `userAttributes` that may be kept; the first value or count beyond a limit is a fault. What
 * has a name that may not be is left out, and `warnings` gets a text that says so.
 */
export function readEntries(
  entries: JsonObject,
  options: { parameter: string; kind: NameKind; entriesMax: number; limits: Limits; warnings: string[] },
): JsonObject | Fault {
  const { nameLength } = options.limits;
  let count = 0;
  let skipped: string[] | undefined;
  for (const name in entries) {
    count += 1;
    if (count > options.entriesMax) return faults.tooMany(options.parameter, options.entriesMax);
    if (!isName(name, nameLength)) {
      skipped ??= [];
      skipped.push(name);
      continue;
    }
    const bad = findBadValue(entries[name] as Json, name, options);
    if (bad !== undefined) return bad;
  }
  if (skipped === undefined) return entries;
  options.warnings.push(skippedNames(options.kind, skipped));
  return Object.fromEntries(Object.entries(entries).filter(([name]) => isName(name, nameLength)));
}

function findBadValue(
  value: Json,
  name: string,
  { parameter, kind }: { parameter: string; kind: NameKind },
): Fault | undefined {
  const weight = weighJson(value);
  if (weight === notFinite || weight === tooDeep) return faults.badValue(kind, name);
  return isLargerThan(value, weight, valueBytesMax)
    ? faults.tooLarge(parameter, name, valueBytesMax)
    : undefined;
}
