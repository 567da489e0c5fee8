import { idTypeLengthMax, idTypesMax } from '../limits.ts';
import type { IdentityKind } from '../profile.ts';

/** The types of ids that customers of a project have, by their names on the wire (Bloomreach contract 2.6). */
export interface DeclaredIds {
  /** One value a customer. The first is the kind `user`, which the other dialect has as well. */
  readonly hard: readonly string[];
  /** Several values a customer; `cookie` is among them. */
  readonly soft: readonly string[];
}

/** Which kind each type is, in the order in which they are declared: hard ones first. */
export type IdTypes = ReadonlyMap<string, IdentityKind>;

/** A kind says its class and name, so that what is stored needs no declaration to be understood, now or later. */
export function readIdTypes({ hard, soft }: DeclaredIds): IdTypes {
  const kinds = new Map<string, IdentityKind>();
  for (const [index, type] of hard.entries()) kinds.set(type, index === 0 ? 'user' : `hard:${type}`);
  for (const type of soft) kinds.set(type, type === 'cookie' ? 'cookie' : `soft:${type}`);
  return kinds;
}

/** Letters that are safe wherever the name stands: in a line, in SQL, as the name of a column. */
const typeName = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** What is wrong with a declaration as such; undefined: nothing. */
export function findIdsProblem({ hard, soft }: DeclaredIds): string | undefined {
  const types = [...hard, ...soft];
  const bad = types.find((it) => it.length > idTypeLengthMax || !typeName.test(it));
  if (bad !== undefined) {
    return `'${bad}' cannot name an id type: it has 1 to ${idTypeLengthMax} letters, digits, - or _, a letter first`;
  }
  const twice = types.find((it, index) => types.indexOf(it) < index);
  if (twice !== undefined) return `Id type '${twice}' is declared twice`;
  if (hard.length === 0) return 'At least one hard id type must be declared';
  if (!soft.includes('cookie')) return "'cookie' must be one of the soft id types";
  if (types.length > idTypesMax) return `At most ${idTypesMax} id types may be declared`;
  return undefined;
}

/** A kind that nobody may have an id of when a declaration changes, and why. */
export type InTheWay = readonly [kind: IdentityKind, why: string];

/**
 * What would make a change of the declaration give ids that are there another meaning. A type may always be added, and taken
 * away: its ids stay where they are, unseen, until it is declared again.
 */
export function findInTheWay(before: DeclaredIds, { hard, soft }: DeclaredIds): readonly InTheWay[] {
  const [first = ''] = before.hard;
  const found: InTheWay[] = [];
  if (hard[0] !== first) {
    found.push(['user', `Somebody has an id of type '${first}': it stays the first hard id type`]);
    found.push([`hard:${hard[0]}`, `Somebody has an id of type '${hard[0]}': it cannot become the first`]);
  }
  for (const type of hard) {
    found.push([`soft:${type}`, `Somebody has a soft id of type '${type}': it cannot be hard`]);
  }
  for (const type of soft) {
    found.push([`hard:${type}`, `Somebody has a hard id of type '${type}': it cannot be soft`]);
  }
  return found;
}
