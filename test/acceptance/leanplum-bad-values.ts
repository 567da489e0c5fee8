/** Values that are none, with the messages that say so: pieces of the table in leanplum-trials.ts. */
import type { Params, Trial } from './leanplum-trials.ts';

export const long = 'x'.repeat(139);
const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown;

export function entries(count: number): Params {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));
}

/** Not an object and not the text of one. */
export function notAnObject(name: string): Trial['bad'] {
  return [5, true, [1], '[1]', '{"a":', 'text'].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

export function warned(message: string): Params {
  return { success: true, warning: { message } };
}

export function notAText(name: string): Trial['bad'] {
  return [true, {}, ['a']].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

export function notANumber(name: string): Trial['bad'] {
  return ['much', true, {}, [1]].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

/** A map of names and values, each of which may be too long, too deep or too large, and all of them too many. */
export function badEntries(parameter: string, kind: string, max: number): Trial['bad'] {
  return [
    ...notAnObject(parameter),
    [{ [parameter]: { deep } }, `${kind} 'deep' value is invalid.`],
    [
      { [parameter]: { big: 'б'.repeat(8193) } },
      `'${parameter}' has a value of more than 16384 bytes: 'big'.`,
    ],
    [{ [parameter]: entries(max + 1) }, `'${parameter}' must have at most ${max} entries.`],
  ];
}

/** Names that may not be, each in a map with nothing else, so that nothing is left to keep. */
export function badNames(parameter: string, kind: string): NonNullable<Trial['skips']> {
  return ['', '.a', '-a', 'a/', 'a,b', '12', `${long}y`].map((name) => {
    return [{ [parameter]: { [name]: {} } }, badName(kind, name)];
  });
}

/** The answer to a name that may not be: what has it is skipped. */
export function badName(kind: string, name: string): Params {
  return warned(`Invalid ${kind} name; skipped: '${name.slice(0, long.length)}'.`);
}

/** A fact about a user or device: text, kept as JSON when it is something else. */
export function longFact(name: string): Trial['bad'] {
  return [[{ [name]: 'x'.repeat(4097) }, `'${name}' must have at most 4096 characters.`]];
}

export function badList(name: string): Trial['bad'] {
  return [
    [{ [name]: {} }, `'${name}' is invalid.`],
    [{ [name]: [['a']] }, `'${name}' is invalid.`],
    [{ [name]: '["a"' }, `'${name}' is invalid.`],
    [{ [name]: Array.from({ length: 101 }, (_, id) => id) }, `'${name}' must have at most 100 entries.`],
    [{ [name]: ['x'.repeat(4097)] }, `'${name}' must have at most 4096 characters.`],
  ];
}

/** Lifetime counters; what is wrong inside of them is found while they are carried out, so its status is 200. */
export function badCounters(parameter: string, kind: string, numbers: readonly string[]): Trial['bad'] {
  return [
    ...notAnObject(parameter),
    [{ [parameter]: { a: 5 } }, `${kind} 'a' value is invalid.`],
    [{ [parameter]: entries(501) }, `'${parameter}' must have at most 500 entries.`],
    ...numbers.map((field) => {
      return [{ [parameter]: { a: { [field]: 'many' } } }, `${kind} 'a' ${field} is invalid.`, 200] as const;
    }),
    ...['firstTime', 'lastTime'].map((field) => {
      const date = { [parameter]: { a: { [field]: '2020-01-01T00:00:00Z' } } };
      return [date, `${kind} 'a' ${field} is invalid.`, 200] as const;
    }),
    // No whole number or no time any more.
    ...(
      [
        ['count', 1e16],
        ['countIncrement', -1.7e308],
        ['lastTime', 1e306],
      ] as const
    ).map(([field, number]) => {
      return [{ [parameter]: { a: { [field]: number } } }, `${kind} 'a' ${field} is invalid.`, 200] as const;
    }),
  ];
}
