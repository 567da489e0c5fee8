import { assert } from '../lib/assert.ts';
import type { Names } from './content/names.ts';
import { evolve, type IdentityValue } from './evolve.ts';
import type { EventId, IdentityId, ProfileId, ProjectId } from './ids.ts';
import type { ErasureScope, Line, MergedLine } from './line.ts';
import { findIdentity, historyOf, type Identity, type IdentityKind, type Profile } from './profile.ts';
import { writeWithoutValues } from './profile-document.ts';

/** What the edge hands in, so that nothing in the core reads a clock or makes an id. */
export interface Context {
  readonly project: ProjectId;
  /** Server time of this batch, milliseconds. */
  readonly nowMs: number;
  /** Id of the next line; the lines of one command follow one another from here. */
  readonly nextEvent: EventId;
  /** The names in use, for commands that may not use any number of them. */
  readonly names?: Names | undefined;
}

/** Whom an id names from now on, by value; its line holds only the internal id. */
export interface Naming {
  readonly id: IdentityId;
  readonly kind: IdentityKind;
  readonly value: string;
  /** undefined: nobody. */
  readonly profile: Profile | undefined;
}

/** A profile has to be looked at then (design D3). */
export interface SetTimer {
  readonly profile: ProfileId;
  readonly dueMs: number;
}

/** Lines of a profile up to and including `upTo` are erased. */
export interface Erasure {
  readonly profile: ProfileId;
  readonly upTo: EventId;
  readonly scope: ErasureScope;
}

/** A line before it has its place. */
export type Draft = DraftOf<Line>;
type DraftOf<L extends Line> = L extends Line ? Omit<L, 'id' | 'project' | 'profile' | 'atMs'> : never;

const none: readonly never[] = [];

/**
 * One command's work on one profile: rules look at `profile` and say lines; every line is applied as it is said. A
 * command that changes several profiles has one of these for each, with one list of lines (`beside`).
 */
export class Change {
  readonly lines: Line[];
  /** In order: a later one of the same id counts. */
  readonly namings: Naming[];
  #erasures: Erasure[] | undefined;
  #isGone = false;
  /** The profile's timer as the command found it. */
  readonly #timerBeforeMs: number | null;
  readonly #context: Context;
  #profile: Profile | undefined;
  /** Each with its timer as the command found it. */
  #others: Map<Profile, number | null> | undefined;
  #absorbed: Profile[] | undefined;

  constructor(context: Context, profile: Profile | undefined, within?: Change) {
    this.#context = context;
    this.#profile = profile;
    this.lines = within?.lines ?? [];
    this.namings = within?.namings ?? [];
    this.#timerBeforeMs = profile?.timerMs ?? null;
  }

  get profile(): Profile {
    assert(this.#profile !== undefined, 'a rule ran before its profile was created');
    return this.#profile;
  }

  /** Other profiles that this command changed, without those that are part of this one now. */
  get others(): readonly Profile[] {
    if (this.#others === undefined) return none;
    return [...this.#others.keys()].filter((it) => !this.absorbed.includes(it));
  }

  /** Profiles that are part of this one now. */
  get absorbed(): readonly Profile[] {
    return this.#absorbed ?? none;
  }

  /** Profiles that nobody is any more. */
  get gone(): readonly Profile[] {
    return this.#isGone ? [...this.absorbed, this.profile] : this.absorbed;
  }

  get erasures(): readonly Erasure[] {
    return this.#erasures ?? none;
  }

  /** The timers that this command has set, of every profile that it changed and that is still there. */
  get timers(): readonly SetTimer[] {
    let timers = timerOf(this.profile, this.#timerBeforeMs);
    for (const other of this.others) {
      timers = [...timers, ...timerOf(other, this.#others?.get(other) ?? null)];
    }
    return timers;
  }

  /** Server time, never running backwards for this profile (design D8). */
  get nowMs(): number {
    return Math.max(this.#context.nowMs, this.#profile?.updatedMs ?? 0);
  }

  get nowSec(): number {
    return this.nowMs / 1000;
  }

  /**
   * When something happened by the clock of sessions, milliseconds: as the client says, never ahead of the server, and
   * never before 1970.
   */
  happenedMs(timeSec: number | null): number {
    if (timeSec === null) return this.nowMs;
    return Math.max(0, Math.min(Math.round(timeSec * 1000), this.nowMs));
  }

  say(draft: Draft, identityValue?: IdentityValue): void {
    // JSON cannot say anything else; what was said so far stays valid.
    assert(Number.isFinite(draft.timeSec), 'a line without a time');
    const id = (this.#context.nextEvent + this.lines.length) as EventId;
    const profile = this.#profile?.id ?? (id as number as ProfileId);
    // The draft becomes the line: a copy for every item would be noticed.
    const line = draft as { -readonly [Member in keyof Line]: Line[Member] };
    line.id = id;
    line.project = this.#context.project;
    line.profile = profile;
    line.atMs = this.nowMs;
    this.#profile = evolve(this.#profile, line as Line, identityValue ?? unknownValue);
    this.lines.push(line as Line);
  }

  create(): void {
    this.say({ kind: 'created', timeSec: this.nowSec, session: null });
  }

  attach(kind: IdentityKind, value: string): void {
    const id = (this.#context.nextEvent + this.lines.length) as number as IdentityId;
    this.say({ kind: 'identity_attached', name: kind, timeSec: this.nowSec, session: null }, () => value);
    this.namings.push({ id, kind, value, profile: this.profile });
  }

  detach(identity: Identity): void {
    const { id, kind, value } = identity;
    this.say({ kind: 'identity_detached', name: kind, identity: id, timeSec: this.nowSec, session: null });
    this.namings.push({ id, kind, value, profile: undefined });
  }

  /** A device of this profile's list names it again. */
  takeBack({ id, kind, value }: Identity): void {
    this.say({ kind: 'identity_used', name: kind, identity: id, timeSec: this.nowSec, session: null });
    this.namings.push({ id, kind, value, profile: this.profile });
  }

  /** Somebody else uses a device of this profile from now on. */
  handOn({ id, kind }: Identity): void {
    this.say({ kind: 'identity_handed_on', name: kind, identity: id, timeSec: this.nowSec, session: null });
  }

  /**
   * Erases lines of this profile and its parts up to here. It has the state `after` from now on, whose ids are some of
   * those it had; undefined: nobody is this profile any more.
   */
  erase(scope: ErasureScope, after: Profile | undefined): void {
    const { profile } = this;
    const before = [...profile.identities];
    const profiles = historyOf(profile);
    const upTo = (this.#context.nextEvent + this.lines.length - 1) as EventId;
    const document = after === undefined ? null : writeWithoutValues(after);
    const values = new Map(before.map((it) => [it.id, it.value]));
    const line = { kind: 'erased', scope, document, timeSec: this.nowSec, session: null } as const;
    this.say(line, (id) => values.get(id) ?? unknownValue(id));
    const kept = new Set(after?.identities.map((it) => it.id));
    for (const { id, kind, value, away } of before) {
      if (!kept.has(id) && !away) this.namings.push({ id, kind, value, profile: undefined });
    }
    this.#erasures = profiles.map((it) => ({ profile: it, upTo, scope }));
    this.#isGone = after === undefined;
  }

  /** Work on another profile within the same command. */
  beside(profile: Profile): Change {
    this.#others ??= new Map();
    if (!this.#others.has(profile)) this.#others.set(profile, profile.timerMs);
    return new Change(this.#context, profile, this);
  }

  /** Makes the profile of `part` a part of this one; `same` are ids that both have. */
  merge(part: Change, same: MergedLine['same']): void {
    const other = part.profile;
    const base = { timeSec: this.nowSec, session: null };
    part.say({ kind: 'merged_into', ...base, into: this.profile.id });
    const values = new Map(other.identities.map((it) => [it.id, it.value]));
    const line = {
      kind: 'merged',
      ...base,
      part: other.id,
      same,
      document: writeWithoutValues(other),
    } as const;
    this.say(line, (id) => values.get(id) ?? unknownValue(id));
    for (const { kind, value, away } of other.identities) {
      const identity = away ? undefined : findIdentity(this.profile, kind, value);
      if (identity !== undefined) this.namings.push({ id: identity.id, kind, value, profile: this.profile });
    }
    this.#absorbed ??= [];
    this.#absorbed.push(other);
  }
}

function timerOf({ id, timerMs }: Profile, beforeMs: number | null): readonly SetTimer[] {
  return timerMs === null || timerMs === beforeMs ? none : [{ profile: id, dueMs: timerMs }];
}

function unknownValue(id: IdentityId): never {
  throw new Error(`Assertion failed: the value of identity ${id} is not known`);
}
