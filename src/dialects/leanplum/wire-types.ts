import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Fault, faults } from './fault.ts';
import type { Parameters } from './parameters.ts';

/** The tolerant types of contract 1.4. null is the same as absent; what the text says is checked where it is read. */
export const WireText = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()]));
export const WireNumber = Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()]));
export const WireBoolean = Type.Optional(
  Type.Union([Type.Boolean(), Type.Number(), Type.String(), Type.Null()]),
);
/** PHP writes an empty map as an empty list. */
const EmptyList = Type.Array(Type.Unknown(), { maxItems: 0 });
export const WireMap = Type.Optional(Type.Union([Type.Object({}), EmptyList, Type.String(), Type.Null()]));

/** A compiled check of an action's parameters: the fault of the first parameter of a wrong type. */
export function wireCheck(schema: TSchema): (parameters: Parameters) => Fault | undefined {
  const compiled = Compile(schema);
  return (parameters) => {
    if (compiled.Check(parameters)) return undefined;
    const path = compiled.Errors(parameters)[0]?.instancePath ?? '';
    return faults.invalid(path.split('/')[1] ?? 'data');
  };
}
