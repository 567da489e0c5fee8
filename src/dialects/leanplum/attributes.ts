import type { SetAttributes } from '../../core/command.ts';
import type { Fault } from './fault.ts';
import { attributesMax } from './limits.ts';
import { isFault, objectOf, type Parameters } from './parameters.ts';
import { findBadEntry } from './values.ts';

/** Reads `userAttributes`, which `start` and `setUserAttributes` share: values set, null clears (contract 2.3). */
export function readUserAttributes(parameters: Parameters): SetAttributes['attributes'] | Fault {
  const attributes = objectOf(parameters, 'userAttributes');
  if (isFault(attributes)) return attributes;
  if (attributes === undefined) return [];
  const bad = findBadEntry(attributes, {
    parameter: 'userAttributes',
    kind: 'userAttribute',
    entriesMax: attributesMax,
  });
  return bad ?? Object.entries(attributes);
}
