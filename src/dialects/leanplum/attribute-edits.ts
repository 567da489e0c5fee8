import type { AttributeEdit } from '../../core/attribute-edits.ts';
import type { Json } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { attributesMax } from './limits.ts';
import { isFault, objectOf, type Parameters } from './parameters.ts';
import { readEntries } from './values.ts';

/** Sets to add to and remove from, numbers to increment: in this order (contract 2.3 `setUserAttributes`). */
export function readAttributeEdits(parameters: Parameters, warnings: string[]): AttributeEdit[] | Fault {
  const edits: AttributeEdit[] = [];
  for (const op of ['add', 'remove', 'increment'] as const) {
    const parameter = `userAttributeValuesTo${op.charAt(0).toUpperCase()}${op.slice(1)}`;
    const given = objectOf(parameters, parameter);
    if (isFault(given)) return given;
    if (given === undefined) continue;
    const kind = 'userAttribute';
    const kept = readEntries(given, { parameter, kind, entriesMax: attributesMax, warnings });
    if (isFault(kept)) return kept;
    for (const [name, value] of Object.entries(kept)) {
      // null clears nothing here.
      if (value === null) continue;
      const edit = op === 'increment' ? toIncrement(name, value) : { op, name, values: listOf(value) };
      if (isFault(edit)) return edit;
      edits.push(edit);
    }
  }
  return edits;
}

function toIncrement(name: string, value: Json): AttributeEdit | Fault {
  const by = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof by === 'number' && Number.isFinite(by)
    ? { op: 'increment', name, by }
    : faults.badValue('userAttribute', name);
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}
