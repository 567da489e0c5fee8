import type { Json } from '../lib/json.ts';
import type { Attribute } from './profile.ts';

/** A change that depends on what an attribute holds now (Leanplum contract 2.3 `setUserAttributes`). */
export type AttributeEdit =
  /** To a set: what it holds already is not doubled. */
  | { readonly op: 'add' | 'remove'; readonly name: string; readonly values: readonly Json[] }
  | { readonly op: 'increment'; readonly name: string; readonly by: number };

export interface Edited {
  /** What has to be set, in order; the last of a name is what it holds then. */
  readonly entries: readonly (readonly [name: string, value: Json])[];
  /** Names whose increment was skipped, since not both are integers. */
  readonly skipped: readonly string[];
}

const nothing: Edited['skipped'] = [];

/** First sets `entries`, then carries out the edits on what is there, one after the other. */
export function edit(
  attributes: ReadonlyMap<string, Attribute>,
  entries: Edited['entries'],
  edits: readonly AttributeEdit[],
): Edited {
  if (edits.length === 0) return { entries, skipped: nothing };
  const result = new Map(entries);
  const skipped: string[] = [];
  const current = (name: string): Json =>
    (result.has(name) ? result.get(name) : attributes.get(name)?.[1]) ?? null;
  for (const change of edits) {
    const before = current(change.name);
    const after = change.op === 'increment' ? increment(before, change.by) : editSet(before, change);
    if (after === undefined) skipped.push(change.name);
    else if (after !== before) result.set(change.name, after);
  }
  return { entries: [...result], skipped };
}

/** An unset attribute counts as 0. A sum that JSON could not say is none. */
function increment(value: Json, by: number): number | undefined {
  const start = value ?? 0;
  if (!Number.isInteger(start) || !Number.isInteger(by)) return undefined;
  const sum = (start as number) + by;
  return Number.isFinite(sum) ? sum : undefined;
}

/** A single value is a set of one; removing the last value leaves an empty set. The order of insertion stays. */
function editSet(value: Json, { op, values }: Extract<AttributeEdit, { values: unknown }>): Json {
  if (value === null && op === 'remove') return value;
  const set = value === null ? [] : Array.isArray(value) ? (value as readonly Json[]) : [value];
  const texts = new Set(set.map((it) => JSON.stringify(it)));
  if (op === 'remove') {
    const gone = new Set(values.map((it) => JSON.stringify(it)));
    return texts.isDisjointFrom(gone) ? value : set.filter((it) => !gone.has(JSON.stringify(it)));
  }
  const more = values.filter((it) => {
    const text = JSON.stringify(it);
    if (texts.has(text)) return false;
    texts.add(text);
    return true;
  });
  return more.length === 0 ? value : [...set, ...more];
}
