import { Type } from 'typebox';
import type { Part, RegisteredPart } from '../../../../core/content/content.ts';
import { isLargerThan, type JsonObject, weighJson } from '../../../../lib/json.ts';
import type { Action, ActionCall, Translated } from '../../action.ts';
import { flattenVariables } from '../../content/variable-names.ts';
import { type Fault, faults } from '../../fault.ts';
import { nameShownMax } from '../../limits.ts';
import { isFault, objectOf, type Parameters } from '../../parameters.ts';
import { WireMap, wireCheck } from '../../wire-types.ts';

const check = wireCheck(
  Type.Object({
    vars: WireMap,
    variables: WireMap,
    kinds: WireMap,
    actionDefinitions: WireMap,
    fileAttributes: WireMap,
  }),
);

/** What each parameter registers, and what a single entry must be. */
const registers: readonly (readonly [
  parameter: string,
  part: RegisteredPart,
  kind: string,
  type: 'string' | 'object' | undefined,
])[] = [
  ['vars', 'variables', 'variable', undefined],
  // What SDKs for Unity call it.
  ['variables', 'variables', 'variable', undefined],
  ['kinds', 'variableKinds', 'kind', 'string'],
  ['actionDefinitions', 'actionDefinitions', 'action', 'object'],
  ['fileAttributes', 'fileAttributes', 'file', 'object'],
];

/**
 * An app tells what its code holds: defaults of variables, their kinds, templates, files (contract 2.5). SDKs send what
 * has changed among the four, so each replaces what was known of it and leaves the others.
 */
export const setVars: Action = {
  name: 'setVars',
  key: 'development',
  userIsOptional: true,

  toCommand(parameters: Parameters, { settings }: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const bytesMax = settings.limits.variablesBytes;
    const parts: { [part in RegisteredPart]?: Part } = {};
    for (const [parameter, part, kind, type] of registers) {
      const given = objectOf(parameters, parameter);
      if (isFault(given)) return given;
      if (given === undefined) continue;
      const unfit = findUnfit(given, { parameter, kind, type, bytesMax });
      if (unfit !== undefined) return unfit;
      const entries =
        part === 'variables' ? flattenVariables(given, bytesMax) : new Map(Object.entries(given));
      if (isFault(entries)) return entries;
      parts[part] = entries;
    }
    if (Object.keys(parts).length === 0) return faults.missing('vars');
    return { command: undefined, content: { do: 'register', parts } };
  },

  toReply: () => ({}),
};

function findUnfit(
  given: JsonObject,
  options: { parameter: string; kind: string; type: 'string' | 'object' | undefined; bytesMax: number },
): Fault | undefined {
  const weight = weighJson(given);
  if (weight < 0) return faults.invalid(options.parameter);
  if (isLargerThan(given, weight, options.bytesMax - 1))
    return faults.tooManyBytes(options.parameter, options.bytesMax);
  if (options.type === undefined) return undefined;
  for (const [name, value] of Object.entries(given)) {
    const isFit = typeof value === options.type && value !== null && !Array.isArray(value);
    if (!isFit) return faults.badValue(options.kind, name.slice(0, nameShownMax));
  }
  return undefined;
}
