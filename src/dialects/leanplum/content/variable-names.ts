import { isJsonObject, type Json, type JsonObject, jsonDepthMax } from '../../../lib/json.ts';
import { type Fault, faults } from '../fault.ts';
import { nameShownMax } from '../limits.ts';

/*
 * On the wire variables are nested, in the core each has one full name: `{"a":{"b":1}}` is the variable `a.b`. A dot that
 * belongs to a name has a backslash before it, in either form (contract 5.2). What is nested and named here comes out as
 * the SDK sent it: it compares the two.
 */

/** Between the dots that divide; a backslash goes with what it stands before. */
const component = /(?:[^.\\]|\\[\s\S])+/g;

/** The groups around a variable and its own name; undefined: not a name. */
function splitName(name: string): string[] | undefined {
  const parts = name.match(component) ?? [];
  return parts.join('.') === name && name !== '' && parts.length <= jsonDepthMax ? parts : undefined;
}

/** The variables of nested groups by their full names. An empty group is a variable whose value is one. */
export function flattenVariables(groups: JsonObject, bytesMax: number): ReadonlyMap<string, Json> | Fault {
  const variables = new Map<string, Json>();
  // A long name of a group with many variables is repeated in each full name.
  let length = 0;
  const collect = (group: JsonObject, prefix: string): void => {
    for (const [name, value] of Object.entries(group)) {
      if (length > bytesMax) return;
      const fullName = prefix + name;
      length += fullName.length;
      if (isJsonObject(value) && Object.keys(value).length > 0) collect(value, `${fullName}.`);
      else variables.set(fullName, value);
    }
  };
  collect(groups, '');
  if (length > bytesMax) return faults.tooManyBytes('vars', bytesMax);
  for (const name of variables.keys()) {
    const parts = splitName(name);
    if (parts === undefined || isInside(parts, variables))
      return faults.badName('variable', name.slice(0, nameShownMax));
  }
  return variables;
}

/** Whether a group around the variable is a variable itself. */
function isInside(parts: readonly string[], variables: ReadonlyMap<string, Json>): boolean {
  let group = '';
  for (const part of parts.slice(0, -1)) {
    group += group === '' ? part : `.${part}`;
    if (variables.has(group)) return true;
  }
  return false;
}

type Tree = Map<string, Tree | Json>;

/** The inverse of `flattenVariables`. */
export function nestVariables(variables: ReadonlyMap<string, Json>): JsonObject {
  const root: Tree = new Map();
  for (const [name, value] of variables) {
    const parts = splitName(name) ?? [name];
    let group = root;
    for (const part of parts.slice(0, -1)) group = groupIn(group, part);
    group.set(parts.at(-1) as string, value);
  }
  return toObject(root);
}

function groupIn(group: Tree, name: string): Tree {
  const known = group.get(name);
  if (known instanceof Map) return known;
  const made: Tree = new Map();
  group.set(name, made);
  return made;
}

function toObject(group: Tree): JsonObject {
  return Object.fromEntries(
    Array.from(group, ([name, value]) => [name, value instanceof Map ? toObject(value) : value]),
  );
}
