/** Any JSON value. Objects come from JSON.parse: user-given names are read with Object.entries, never by index. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Nesting deeper than this is refused everywhere: it serves no client and would exhaust the stack of a walk. */
export const jsonDepthMax = 32;

/** What `weighJson` answers instead of a weight. */
export const notFinite = -1;
export const tooDeep = -2;

/**
 * Parses JSON; throws SyntaxError on anything else.
 * Strings and names come out well-formed: a lone surrogate (possible only as an escape) becomes U+FFFD, because
 * UTF-8 stores cannot hold it and two different ones would silently become the same id.
 */
export function parseJson(text: string): Json {
  const mayHoldSurrogates = text.includes('\\ud') || text.includes('\\uD');
  return mayHoldSurrogates ? wellFormed(JSON.parse(text), 0) : JSON.parse(text);
}

function wellFormed(value: Json, depth: number): Json {
  if (typeof value === 'string') return value.toWellFormed();
  // Deeper values are refused by weighJson whatever they hold, so they need no repair.
  if (typeof value !== 'object' || value === null || depth > jsonDepthMax + 8) return value;
  if (Array.isArray(value)) return value.map((item) => wellFormed(item, depth + 1));
  const entries = Object.entries(value).map(([name, item]) => [
    name.toWellFormed(),
    wellFormed(item, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The approximate length of a value's JSON text in characters, or `notFinite` (1e400 parses to Infinity, which JSON
 * cannot say again) or `tooDeep`. One walk answers everything that makes a value unfit to be stored.
 */
export function weighJson(value: Json, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
      return Number.isFinite(value) ? 8 : notFinite;
    case 'boolean':
      return 5;
    default:
      return value === null ? 4 : weighContainer(value, depth + 1);
  }
}

function weighContainer(value: readonly Json[] | JsonObject, depth: number): number {
  if (depth > jsonDepthMax) return tooDeep;
  let weight = 2;
  for (const name in value) {
    const itemWeight = weighJson((value as JsonObject)[name] as Json, depth);
    if (itemWeight < 0) return itemWeight;
    weight += itemWeight + 1 + (Array.isArray(value) ? 0 : name.length + 3);
  }
  return weight;
}

/**
 * True when the value's JSON text has more than `max` UTF-8 bytes; `weight` is what `weighJson` said of it. A value that
 * is unfit to be stored has a size as well: where it stands may be where nobody looks.
 */
export function isLargerThan(value: Json, weight: number, max: number): boolean {
  if (weight < 0) return isUnfitLargerThan(value, max);
  // One character is at most six bytes of JSON (an escape), a number at most 24 characters.
  if (weight * 6 <= max) return false;
  return Buffer.byteLength(JSON.stringify(value)) > max;
}

/** The same without recursion, since the value may be deeper than the stack. */
function isUnfitLargerThan(value: Json, max: number): boolean {
  const rest: Json[] = [value];
  let bytes = 0;
  for (let it = rest.pop(); it !== undefined && bytes <= max; it = rest.pop()) {
    if (typeof it !== 'object' || it === null) {
      bytes += Buffer.byteLength(JSON.stringify(it));
      continue;
    }
    const names = Array.isArray(it) ? [] : Object.keys(it);
    const items: readonly Json[] = Object.values(it);
    // Brackets, a comma between two items, a colon behind each name.
    bytes += 2 + Math.max(0, items.length - 1) + names.length;
    for (const name of names) bytes += Buffer.byteLength(JSON.stringify(name));
    for (const item of items) rest.push(item);
  }
  return bytes > max;
}
