import type { JsonObject } from '../../lib/json.ts';
import type { Command, EnterState, Entries, Track } from '../command.ts';
import { type NameKind, type NameRefusal, type Names, type NewNames, noNames } from './names.ts';

/** Names of one kind that were skipped for one reason. */
export interface SkippedNames {
  readonly kind: NameKind;
  readonly why: NameRefusal;
  readonly names: ReadonlySet<string>;
}

export interface Screening {
  /** In use from now on, if the command is carried out. */
  readonly added: NewNames;
  readonly skipped: readonly SkippedNames[];
}

/** A command without the names that may not be used. */
export interface Screened<C extends Command> extends Screening {
  /** undefined: what it is about has such a name. */
  readonly command: C | undefined;
}

const none: readonly never[] = [];
export const unscreened: Screening = { added: noNames, skipped: none };

/**
 * Takes out of a command what would go beyond the number of names that an app may use, or use a name both for events and
 * for states (Leanplum contract 8.1). What only takes away, such as a null, needs no name. An update with one property too
 * many is taken out as a whole (Bloomreach contract 2.7). Without `names`: nothing.
 */
export function screen<C extends Command>(command: C, names: Names | undefined): Screened<C> {
  if (names === undefined || usesNoOthers(command, names)) return { command, added: noNames, skipped: none };
  const trial = new Trial(names);
  const left = screenNames(command, trial) as C | undefined;
  return { command: left, added: left === undefined ? noNames : trial.added, skipped: trial.skipped };
}

/** Whether all its names are in use, as nearly always: one look-up each, and no more is done. */
function usesNoOthers(command: Command, names: Names): boolean {
  switch (command.kind) {
    case 'track':
      return isNoOther(names, 'event', command.name) && areNoOthers(names, command.params);
    case 'enter_state':
      return isNoOther(names, 'state', command.name) && areNoOthers(names, command.params);
    case 'open_session':
    case 'set_attributes': {
      const kind = names.attributesAs;
      return command.attributes.every(([name]) => names.isInUse(kind, name));
    }
    default:
      return false;
  }
}

function isNoOther(names: Names, kind: 'event' | 'state', name: string): boolean {
  // The names of messages have limits of their own.
  return names.inUse(kind).has(name) || (!names.isLimited(kind) && !name.startsWith('.'));
}

function areNoOthers(names: Names, params: JsonObject): boolean {
  if (!names.isLimited('param')) return true;
  const inUse = names.inUse('param');
  for (const name in params) if (!inUse.has(name)) return false;
  return true;
}

function screenNames(command: Command, trial: Trial): Command | undefined {
  switch (command.kind) {
    case 'track':
      return trial.passesEvent(command.name) ? screenNamed(command, trial) : undefined;
    case 'enter_state':
      return trial.passes('state', command.name) ? screenNamed(command, trial) : undefined;
    case 'open_session':
    case 'set_attributes': {
      const attributes = screenAttributes(command.attributes, trial);
      if (attributes === command.attributes) return command;
      return trial.attributesAs === 'property' ? undefined : { ...command, attributes };
    }
    case 'update_profile': {
      const attributes = screenAttributes(command.attributes, trial);
      const edits = command.edits.filter(
        ({ op, name }) => op === 'remove' || trial.passes(trial.attributesAs, name),
      );
      const events = command.counters.events.filter(({ name }) => trial.passesEvent(name));
      const states = command.counters.states.filter(({ name }) => trial.passes('state', name));
      if (trial.skipped.length === 0) return command;
      return { ...command, attributes, edits, counters: { events, states } };
    }
    default:
      return command;
  }
}

function screenNamed<C extends Track | EnterState>(command: C, trial: Trial): C {
  const params = screenParams(command.params, trial);
  return params === command.params ? command : { ...command, params };
}

function screenParams(params: JsonObject, trial: Trial): JsonObject {
  let arePassed = true;
  for (const name in params) if (!trial.passes('param', name)) arePassed = false;
  if (arePassed) return params;
  return Object.fromEntries(Object.entries(params).filter(([name]) => trial.passes('param', name)));
}

function screenAttributes(attributes: Entries, trial: Trial): Entries {
  const isPassed = ([name, value]: Entries[number]) =>
    value === null || trial.passes(trial.attributesAs, name);
  return attributes.every(isPassed) ? attributes : attributes.filter(isPassed);
}

/** How the names of one command fare. */
class Trial {
  readonly #names: Names;
  #added: Map<NameKind, Set<string>> | undefined;
  #skipped: { kind: NameKind; why: NameRefusal; names: Set<string> }[] | undefined;

  constructor(names: Names) {
    this.#names = names;
  }

  get attributesAs(): 'attribute' | 'property' {
    return this.#names.attributesAs;
  }

  get added(): NewNames {
    return this.#added ?? noNames;
  }

  get skipped(): readonly SkippedNames[] {
    return this.#skipped ?? none;
  }

  /** Names with a dot before them are those of messages: `.m42`, and what was done with it, as in `.m42 Held Back`. */
  passesEvent(name: string): boolean {
    if (!name.startsWith('.')) return this.passes('event', name);
    const space = name.indexOf(' ');
    if (space === -1) return this.passes('message', name);
    const message = name.slice(0, space);
    // Neither gets a place without the other.
    return (
      this.#mayPass('message', message) &&
      this.passes('interaction', name.slice(space + 1)) &&
      this.passes('message', message)
    );
  }

  /** Asked once more, a name fares as before. */
  passes(kind: NameKind, name: string): boolean {
    if (this.#isKnown(kind, name)) return true;
    if (!this.#mayPass(kind, name)) return false;
    this.#added ??= new Map();
    this.#added.getOrInsertComputed(kind, () => new Set()).add(name);
    return true;
  }

  #isKnown(kind: NameKind, name: string): boolean {
    return this.#names.has(kind, name) || this.#added?.get(kind)?.has(name) === true;
  }

  /** Whether there is a place for it, which it does not get yet. */
  #mayPass(kind: NameKind, name: string): boolean {
    if (this.#isKnown(kind, name)) return true;
    const why = this.#names.refusalOf(kind, name, this.added);
    if (why === undefined) return true;
    this.#skipped ??= [];
    const alike = this.#skipped.find((it) => it.kind === kind && it.why === why);
    if (alike === undefined) this.#skipped.push({ kind, why, names: new Set([name]) });
    else alike.names.add(name);
    return false;
  }
}
