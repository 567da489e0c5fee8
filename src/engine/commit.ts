import type { Erasure, Naming } from '../core/change.ts';
import { type ContentPart, type Part, weighPart, writePart } from '../core/content/content.ts';
import type { EventId, ProfileId, ProjectId } from '../core/ids.ts';
import { type Line, writeLine } from '../core/line.ts';
import type { Profile } from '../core/profile.ts';
import { writeProfile } from '../core/profile-document.ts';
import type { BatchResult, Queued } from './batch.ts';
import { type IdempotencyRecord, weighRecord, writeRecord } from './idempotency.ts';
import { blockBytesMax, blockLinesMax, groupBytesMax, groupItemsEarly, groupItemsMax } from './limits.ts';
import type { Block, IdentityKey, Timer, WriteSet } from './store.ts';
import type { Rows } from './write-behind.ts';

interface OpenBlock {
  readonly project: ProjectId;
  readonly firstEvent: EventId;
  lastEvent: EventId;
  readonly lines: string[];
  bytes: number;
}

/** The batches that go to disk together, and everything they changed. */
export class Group {
  readonly number: number;
  readonly #answers: (readonly [Queued, BatchResult])[] = [];
  readonly #due = new Set<Profile>();
  #rows: readonly Profile[] = [];
  readonly #identities = new Map<string, WriteSet['identities'][number] | IdentityKey>();
  readonly #removed = new Set<ProfileId>();
  readonly #erasures: WriteSet['erasures'][number][] = [];
  readonly #records = new Map<string, IdempotencyRecord>();
  readonly #timers = new Map<ProfileId, Timer>();
  readonly #doneTimers: Timer[] = [];
  readonly #contents = new Map<string, { project: ProjectId; part: ContentPart; content: Part }>();
  readonly #blocks: OpenBlock[] = [];
  readonly #blockOf = new Map<ProjectId, OpenBlock>();
  items = 0;
  bytes = 0;
  nowMs = 0;

  constructor(number: number) {
    this.number = number;
  }

  get isEmpty(): boolean {
    return this.#answers.length === 0;
  }

  /** Takes no more batches. */
  get isFull(): boolean {
    return this.items >= groupItemsMax || this.bytes >= groupBytesMax;
  }

  /** Large enough to wait at the store while another group is being written. */
  get isLarge(): boolean {
    return this.items >= groupItemsEarly || this.bytes >= groupBytesMax;
  }

  /** True when there is something to write; a group of reads and repeats has nothing. */
  get hasChanges(): boolean {
    const changed = this.#blocks.length + this.#records.size + this.#contents.size + this.#doneTimers.length;
    return changed > 0;
  }

  /** The batch gets its answer when the group is on disk. */
  answer(queued: Queued, result: BatchResult): void {
    this.#answers.push([queued, result]);
    this.items += queued.batch.items.length;
  }

  /** Lets the batches of a group that changes nothing wait for the state they have seen. */
  take(other: Group): void {
    for (const answer of other.#answers) this.#answers.push(answer);
  }

  /** The profile's row goes with this group. */
  remove(profile: Profile): void {
    this.#due.delete(profile);
    this.#removed.add(profile.id);
  }

  /** Profiles whose rows have to be written with this group. */
  get due(): ReadonlySet<Profile> {
    return this.#due;
  }

  /** Profiles whose rows were written with this group. */
  get rows(): readonly Profile[] {
    return this.#rows;
  }

  /** An id names somebody else. His row is written with this group: lines do not hold the ids' values. */
  name(key: string, project: ProjectId, { id, kind, value, profile }: Naming): void {
    const identity = { project, kind, value };
    this.#identities.set(key, profile === undefined ? identity : { ...identity, id, profile: profile.id });
    if (profile !== undefined) this.#write(profile);
  }

  /** Lines are not part of the history any more. What the profile's row still says of them goes with this group. */
  erase(project: ProjectId, profile: Profile, erasures: readonly Erasure[]): void {
    for (const erasure of erasures) this.#erasures.push({ ...erasure, project });
    this.#write(profile);
  }

  #write(profile: Profile): void {
    if (!this.#due.has(profile)) this.bytes += profile.size;
    this.#due.add(profile);
  }

  record(key: string, record: IdempotencyRecord): void {
    if (!this.#records.has(key)) this.bytes += weighRecord(record);
    this.#records.set(key, record);
  }

  /**
   * A part of a project's content is stored as a whole: the newest is the one. It is weighed when it comes first and
   * serialised when the group goes, as it may change with every batch.
   */
  putContent({ project, part }: { project: ProjectId; part: ContentPart }, content: Part): void {
    const key = `${project}/${part}`;
    if (!this.#contents.has(key)) this.bytes += weighPart(content);
    this.#contents.set(key, { project, part, content });
  }

  /** A profile has one timer: the newest is the one. */
  setTimer(timer: Timer): void {
    this.#timers.set(timer.profile, timer);
  }

  finishTimer(timer: Timer): void {
    this.#doneTimers.push(timer);
  }

  /** An event is serialised here, once: these bytes are what every later reader gets. */
  append(line: Line): void {
    let block = this.#blockOf.get(line.project);
    if (block === undefined || block.lines.length >= blockLinesMax || block.bytes >= blockBytesMax) {
      block = { project: line.project, firstEvent: line.id, lastEvent: line.id, lines: [], bytes: 0 };
      this.#blocks.push(block);
      this.#blockOf.set(line.project, block);
    }
    const text = writeLine(line);
    block.lines.push(text);
    block.bytes += text.length;
    this.bytes += text.length;
    block.lastEvent = line.id;
  }

  /** Everything to be written, as text; later changes of the profiles do not reach it. */
  toWriteSet(rows: Rows): WriteSet {
    this.#rows = rows.profiles;
    const identities = [...this.#identities.values()];
    return {
      nowMs: this.nowMs,
      profiles: rows.profiles.map(toRow),
      removed: [...this.#removed],
      erasures: this.#erasures,
      identities: identities.filter((it) => 'profile' in it),
      detached: identities.filter((it) => !('profile' in it)),
      blocks: this.#blocks.map(
        (block): Block => ({
          project: block.project,
          firstEvent: block.firstEvent,
          lastEvent: block.lastEvent,
          lines: block.lines.length,
          body: block.lines.join('\n'),
        }),
      ),
      records: Array.from(this.#records, ([key, record]) => ({ key, document: writeRecord(record) })),
      rowsUpTo: rows.upTo,
      timers: [...this.#timers.values()],
      doneTimers: this.#doneTimers,
      contents: Array.from(this.#contents.values(), ({ project, part, content }) => ({
        project,
        part,
        document: writePart(content),
      })),
    };
  }

  /** Answers all its batches: with their results, or with `instead` when it could not be stored. */
  finish(instead?: BatchResult): void {
    for (const [queued, result] of this.#answers) queued.finish(instead ?? result);
  }
}

function toRow(profile: Profile): WriteSet['profiles'][number] {
  const document = writeProfile(profile);
  profile.pack();
  return { id: profile.id, project: profile.project, document };
}
