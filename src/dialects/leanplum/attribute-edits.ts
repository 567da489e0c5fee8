import type { AttributeEdit } from '../../core/attribute-edits.ts';
import { parseDecimal } from '../../lib/decimal.ts';
import type { Json } from '../../lib/json.ts';
import type { Fault } from './fault.ts';
import { attributesMax, type Limits } from './limits.ts';
import { isFault, objectOf, type Parameters } from './parameters.ts';
import { readEntries } from './values.ts';

/** Sets to add to and remove from, numbers to increment: in this order (contract 2.3 `setUserAttributes`). */
export function readAttributeEdits(
  parameters: Parameters,
  limits: Limits,
  warnings: string[],
): AttributeEdit[] | Fault {
  const edits: AttributeEdit[] = [];
  for (const op of ['add', 'remove', 'increment'] as const) {
    const parameter = `userAttributeValuesTo${op.charAt(0).toUpperCase()}${op.slice(1)}`;
    const given = objectOf(parameters, parameter);
    if (isFault(given)) return given;
    if (given === undefined) continue;
    const kind = 'userAttribute';
    const kept = readEntries(given, { parameter, kind, entriesMax: attributesMax, limits, warnings });
    if (isFault(kept)) return kept;
    for (const [name, value] of Object.entries(kept)) {
      // null clears nothing here.
      if (value === null) continue;
      edits.push(op === 'increment' ? toIncrement(name, value) : { op, name, values: listOf(value) });
    }
  }
  return edits;
}

/** The core skips what is no integer, as it skips attributes that hold none. */
function toIncrement(name: string, value: Json): AttributeEdit {
  const by = typeof value === 'string' ? parseDecimal(value) : value;
  return { op: 'increment', name, by: typeof by === 'number' ? by : Number.NaN };
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}
