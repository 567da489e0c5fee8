import type { Content, Part } from './content.ts';

/**
 * What an app gives names to. A property is an attribute that the Bloomreach API brings in, which has a limit of its own;
 * messages and what users do with them are part of the names of their events.
 */
export type NameKind = 'event' | 'state' | 'attribute' | 'property' | 'param' | 'message' | 'interaction';

/** How many names of each kind an app may use; infinite or left out: any number, and none of them is looked at. */
export type NameLimits = { readonly [kind in NameKind]?: number };

/** Names that are used for the first time. */
export type NewNames = ReadonlyMap<NameKind, ReadonlySet<string>>;

export const noNames: NewNames = new Map();

/** `full`: there are as many of its kind as there may be. `taken`: it is a state's, or an event's. */
export type NameRefusal = 'full' | 'taken';

/** The parts of a project's content that hold the names in use. */
export const namesPart = {
  event: 'eventNames',
  state: 'stateNames',
  attribute: 'attributeNames',
  property: 'propertyNames',
  param: 'paramNames',
  message: 'messageNames',
  interaction: 'interactionNames',
} as const satisfies { [kind in NameKind]: keyof Content };

/** No name is both. */
const rivals: { readonly [kind in NameKind]?: NameKind } = { event: 'state', state: 'event' };
/** Both name the same thing of the same users: what one has in use, the other may use. */
const twins: { readonly [kind in NameKind]?: NameKind } = { attribute: 'property', property: 'attribute' };

/** The names that a project's app uses, in the course of one batch: those of its content, and those added since. */
export class Names {
  readonly #content: Content;
  readonly #limits: NameLimits;
  readonly #added = new Map<NameKind, Set<string>>();

  constructor(content: Content, limits: NameLimits) {
    this.#content = content;
    this.#limits = limits;
  }

  /** Those in use when the batch began. */
  inUse(kind: NameKind): Part {
    return this.#content[namesPart[kind]];
  }

  /** Whether it was when the batch began, also as its twin. */
  isInUse(kind: NameKind, name: string): boolean {
    if (this.inUse(kind).has(name)) return true;
    const twin = twins[kind];
    return twin !== undefined && this.inUse(twin).has(name);
  }

  /** As what the attributes of its commands count. */
  get attributesAs(): 'attribute' | 'property' {
    return this.isLimited('property') ? 'property' : 'attribute';
  }

  /** Whether it may be used without another look. */
  has(kind: NameKind, name: string): boolean {
    return this.isInUse(kind, name) || !this.isLimited(kind) || this.#added.get(kind)?.has(name) === true;
  }

  /** Why one that is not in use may not be, if so. `before`: what is to be added before it. */
  refusalOf(kind: NameKind, name: string, before: NewNames): NameRefusal | undefined {
    const rival = rivals[kind];
    if (rival !== undefined && this.isLimited(rival)) {
      const lists = [this.inUse(rival), this.#added.get(rival), before.get(rival)];
      if (lists.some((it) => it?.has(name))) return 'taken';
    }
    const lists = [this.inUse(kind), this.#added.get(kind), before.get(kind)];
    const used = lists.reduce((sum, it) => sum + (it?.size ?? 0), 0);
    return used >= (this.#limits[kind] ?? Number.POSITIVE_INFINITY) ? 'full' : undefined;
  }

  add(names: NewNames): void {
    for (const [kind, few] of names) {
      const all = this.#added.getOrInsertComputed(kind, () => new Set());
      for (const name of few) all.add(name);
    }
  }

  get added(): NewNames {
    return this.#added;
  }

  /** Whether names of this kind are looked at. */
  isLimited(kind: NameKind): boolean {
    return Number.isFinite(this.#limits[kind] ?? Number.POSITIVE_INFINITY);
  }
}

/** The content when these names are in use as well. */
export function withNames(content: Content, names: NewNames): Content {
  const parts = Array.from(names, ([kind, few]): [string, Part] => {
    const part = namesPart[kind];
    return [part, new Map([...content[part], ...Array.from(few, (name) => [name, true] as const)])];
  });
  return { ...content, ...Object.fromEntries(parts) };
}
