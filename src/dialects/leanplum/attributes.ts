import type { SetAttributes } from '../../core/command.ts';
import type { Fault } from './fault.ts';
import { attributesMax, type Limits } from './limits.ts';
import { isFault, objectOf, type Parameters } from './parameters.ts';
import { readEntries } from './values.ts';

/** Reads `userAttributes`, which `start` and `setUserAttributes` share: values set, null clears (contract 2.3). */
export function readUserAttributes(
  parameters: Parameters,
  limits: Limits,
  warnings: string[],
): SetAttributes['attributes'] | Fault {
  const attributes = objectOf(parameters, 'userAttributes');
  if (isFault(attributes)) return attributes;
  if (attributes === undefined) return [];
  const kept = readEntries(attributes, {
    parameter: 'userAttributes',
    kind: 'userAttribute',
    entriesMax: attributesMax,
    limits,
    warnings,
  });
  return isFault(kept) ? kept : Object.entries(kept);
}
