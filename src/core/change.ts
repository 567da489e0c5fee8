import { assert } from '../lib/assert.ts';
import { evolve } from './evolve.ts';
import type { EventId, IdentityId, ProfileId, ProjectId } from './ids.ts';
import type { Line } from './line.ts';
import type { Identity, IdentityKind, Profile } from './profile.ts';

/** What the edge hands in, so that nothing in the core reads a clock or makes an id. */
export interface Context {
  readonly project: ProjectId;
  /** Server time of this batch, milliseconds. */
  readonly nowMs: number;
  /** Id of the next line; the lines of one command follow one another from here. */
  readonly nextEvent: EventId;
}

/** An id that the command attached, by value; its line holds only the internal id. */
export interface AttachedIdentity {
  readonly id: IdentityId;
  readonly kind: IdentityKind;
  readonly value: string;
}

/** A line before it has its place. */
export type Draft = DraftOf<Line>;
type DraftOf<L extends Line> = L extends Line ? Omit<L, 'id' | 'project' | 'profile' | 'atMs'> : never;

/** One command's work on one profile: rules look at `profile` and say lines; every line is applied as it is said. */
export class Change {
  readonly lines: Line[] = [];
  readonly attached: AttachedIdentity[] = [];
  readonly detached: Identity[] = [];
  /** The profile's timer as the command found it. */
  readonly timerBeforeMs: number | null;
  readonly #context: Context;
  #profile: Profile | undefined;

  constructor(context: Context, profile: Profile | undefined) {
    this.#context = context;
    this.#profile = profile;
    this.timerBeforeMs = profile?.timerMs ?? null;
  }

  get profile(): Profile {
    assert(this.#profile !== undefined, 'a rule ran before its profile was created');
    return this.#profile;
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

  say(draft: Draft): void {
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
    this.#profile = evolve(this.#profile, line as Line, () => this.#valueOf(id));
    this.lines.push(line as Line);
  }

  create(): void {
    this.say({ kind: 'created', timeSec: this.nowSec, session: null });
  }

  attach(kind: IdentityKind, value: string): void {
    const id = (this.#context.nextEvent + this.lines.length) as number as IdentityId;
    this.attached.push({ id, kind, value });
    this.say({ kind: 'identity_attached', name: kind, timeSec: this.nowSec, session: null });
  }

  detach(identity: Identity): void {
    this.detached.push(identity);
    const { id, kind } = identity;
    this.say({ kind: 'identity_detached', name: kind, identity: id, timeSec: this.nowSec, session: null });
  }

  #valueOf(id: EventId): string {
    const identity = this.attached.at(-1);
    assert(identity !== undefined && (identity.id as number) === id, 'an identity line without its identity');
    return identity.value;
  }
}
