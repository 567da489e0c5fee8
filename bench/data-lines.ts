import {
  type EventId,
  firstEventId,
  type IdentityId,
  type ProfileId,
  type ProjectId,
} from '../src/core/ids.ts';
import { type EventLine, writeLine } from '../src/core/line.ts';
import type { Block, WriteSet } from '../src/engine/store.ts';

export const days = 30;
/** Midnight, so that the lines fill whole days. */
export const startMs = Date.UTC(2026, 0, 1);
const dayMs = 24 * 60 * 60 * 1000;
const linesPerUser = 20;
/** Users with a long history, and its length; with few lines in all it is shorter. */
const heavyUsers = 20;
const heavyLines = 10_000;
const eventNames = Array.from({ length: 20 }, (_, n) => `event ${n}`);
const screens = Array.from({ length: 40 }, (_, n) => `screen-${n}`);
const linesPerBlock = 1_000;
const project = 1 as ProjectId;

/** A steady stream of events of many users over 30 days, and of a few users with a long history; always the same one. */
export class LineSource {
  readonly lines: number;
  readonly users: number;
  /** Lines of each heavy user. */
  readonly heavyLines: number;
  #made = 0;
  #state = 1;

  constructor(lines: number) {
    this.lines = lines;
    this.users = Math.max(1, Math.floor(lines / linesPerUser));
    this.heavyLines = Math.min(heavyLines, Math.floor(lines / 100));
  }

  /** Time of the newest line, milliseconds. */
  get nowMs(): number {
    return startMs + Math.floor((this.#made / this.lines) * days * dayMs);
  }

  heavyProfile(n: number): ProfileId {
    return (firstEventId + 1 + (n % heavyUsers)) as number as ProfileId;
  }

  /** The next blocks, with about this many lines; none when all are made. */
  next(lines: number): Block[] {
    const blocks: Block[] = [];
    for (let left = Math.min(lines, this.lines - this.#made); left > 0; left -= linesPerBlock) {
      const count = Math.min(left, linesPerBlock);
      const firstEvent = (firstEventId + this.#made + 1) as EventId;
      const body = Array.from({ length: count }, () => writeLine(this.#line())).join('\n');
      const lastEvent = (firstEventId + this.#made) as EventId;
      blocks.push({ project, firstEvent, lastEvent, lines: count, body });
    }
    return blocks;
  }

  #line(): EventLine {
    this.#made += 1;
    const heavyEvery = Math.max(1, Math.floor(this.lines / (heavyUsers * this.heavyLines)));
    const isHeavy = this.#made % heavyEvery === 0;
    const user = isHeavy ? (this.#made / heavyEvery) % heavyUsers : heavyUsers + this.#below(this.users);
    const profile = firstEventId + 1 + user;
    const atMs = this.nowMs;
    return {
      kind: 'event',
      id: (firstEventId + this.#made) as EventId,
      project,
      profile: profile as number as ProfileId,
      atMs,
      timeSec: (atMs - this.#below(5_000)) / 1000,
      session: null,
      // Some are far more frequent than others.
      name: eventNames[Math.min(this.#below(20), this.#below(20))] as string,
      value: this.#below(5) === 0 ? this.#below(10_000) / 100 : null,
      info: null,
      params: {
        level: this.#below(60),
        score: this.#below(100_000),
        screen: screens[this.#below(40)] as string,
      },
      device: (profile + 2 ** 30) as IdentityId,
      state: null,
      passive: false,
      stamped: true,
    };
  }

  /** A number from 0, by xorshift: the same ones in every run. */
  #below(end: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % end;
  }
}

/** Blocks alone, with nothing of whom their lines are about. */
export function toWriteSet(blocks: readonly Block[], nowMs: number): WriteSet {
  return {
    nowMs,
    blocks,
    rowsUpTo: blocks.at(-1)?.lastEvent,
    profiles: [],
    removed: [],
    erasures: [],
    identities: [],
    detached: [],
    records: [],
    contents: [],
    timers: [],
    doneTimers: [],
  };
}
