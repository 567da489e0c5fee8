import JSON5 from 'json5';
import { parseDecimal } from '../../lib/decimal.ts';
import { isJsonObject, type Json, type JsonObject, parseJson, weighJson } from '../../lib/json.ts';
import { Fault, faults } from './fault.ts';
import { factLengthMax, sloppyLengthMax } from './limits.ts';

/** The parameters of one action, as they came: types are tolerant (contract 1.4). */
export type Parameters = JsonObject;

/** Text of an id or name: a JSON number counts as its text. null and absent are the same. */
export function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return undefined;
}

/** `true`/`false` in any letter case, also as text, and 1/0. */
export function booleanOf(value: Json | undefined): boolean {
  if (typeof value === 'string') return /^(true|1)$/i.test(value);
  return value === true || value === 1;
}

/** A number, integer or decimal text, also in exponent form (Java's Double.toString). Absent: undefined. */
export function numberOf(parameters: Parameters, name: string): number | undefined | Fault {
  const value = parameters[name];
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' ? parseDecimal(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : faults.invalid(name);
}

let sloppyLeft = sloppyLengthMax;

/** Before the parameters of a call are read: it may hold this much sloppy JSON in all. */
export function beginCall(): void {
  sloppyLeft = sloppyLengthMax;
}

/** JSON in a text: strict, else also with single quotes and bare names (contract 1.4). Throws when it is neither. */
export function parseSloppyJson(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    // What is not even tried takes nothing from the actions after it.
    if (text.length > sloppyLeft) throw error;
    sloppyLeft -= text.length;
    const value = JSON5.parse(text) as Json;
    // It knows NaN and Infinity, which JSON would turn into null.
    if (weighJson(value) < 0) throw error;
    // Once more through strict JSON, so that the same strings come out.
    return parseJson(JSON.stringify(value));
  }
}

/**
 * An object, or text holding one (SDKs nest JSON in JSON). Empty text is absent; `[]` is an empty object, since that is
 * how PHP writes one.
 */
export function objectOf(parameters: Parameters, name: string): JsonObject | undefined | Fault {
  const value = parameters[name];
  if (value === undefined || value === null || value === '') return undefined;
  try {
    const given = typeof value === 'string' ? parseSloppyJson(value) : value;
    if (Array.isArray(given) && given.length === 0) return {};
    return isJsonObject(given) ? given : faults.invalid(name);
  } catch {
    return faults.invalid(name);
  }
}

const noList: readonly Json[] = [];

/** A list, text holding one (also `[a, b]`), or one value, which is a list of one. Empty text is absent. */
export function listOf(parameters: Parameters, name: string): readonly Json[] | Fault {
  const value = parameters[name];
  if (value === undefined || value === null || value === '') return noList;
  if (typeof value !== 'string') return Array.isArray(value) ? value : [value];
  if (!value.trimStart().startsWith('[')) return [value];
  try {
    const parsed = parseSloppyJson(value);
    return Array.isArray(parsed) ? parsed : faults.invalid(name);
  } catch {
    return splitBareList(value) ?? faults.invalid(name);
  }
}

/** Brackets inside, quotes that do not belong to a word: JSON gone wrong. */
const notBare = /[[\]{}"]|^\s*'/;

/** The texts of a list without quotes: `[Push Notification, In-app Message]`. */
function splitBareList(text: string): string[] | undefined {
  const list = text.trim();
  if (!list.endsWith(']')) return undefined;
  const items = list.slice(1, -1).split(',');
  // As in sloppy JSON, a comma may stand at the end.
  if (items.at(-1)?.trim() === '') items.pop();
  const isBad = (item: string) => item.trim() === '' || notBare.test(item);
  return items.length === 0 || items.some(isBad)
    ? undefined
    : items.map((item) => item.trim().toWellFormed());
}

/** One value, a list, or text that holds a list; every value as text. */
export function readTexts(parameters: Parameters, name: string, max: number): string[] | Fault {
  const list = listOf(parameters, name);
  if (isFault(list)) return list;
  if (list.length > max) return faults.tooMany(name, max);
  const texts = list.map(textOf).filter((it) => it !== undefined);
  if (texts.length < list.length) return faults.invalid(name);
  const long = texts.some((it) => it.length > factLengthMax);
  return long ? faults.tooLong(name, factLengthMax) : texts;
}

export function isFault(value: unknown): value is Fault {
  return value instanceof Fault;
}
