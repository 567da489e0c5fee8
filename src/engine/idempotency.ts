import { assert } from '../lib/assert.ts';
import { holdsMark, markLength, markOf } from '../lib/hash.ts';
import type { Pair } from './batch.ts';

/** What is remembered to recognise repeats (design D7): an SDK batch's reqIds, or the answer to a keyed request. */
export type IdempotencyRecord =
  | PairsRecord
  | { readonly kind: 'answer'; readonly bodyHash: string; readonly answer: string };

/**
 * The reqIds of one (device, uuid), as marks of 64 bits one after the other: a quarter of their length, and what is
 * searched is what is stored. Two different reqIds of one SDK batch of 10,000 are taken for the same once in 10^11.
 */
export interface PairsRecord {
  readonly kind: 'pairs';
  marks: string;
  /** The same for quick look-ups in a long one. */
  index: Set<string> | undefined;
}

export function writeRecord(record: IdempotencyRecord): string {
  if (record.kind === 'pairs') return JSON.stringify(record.marks);
  return JSON.stringify({ bodyHash: record.bodyHash, answer: record.answer });
}

export function readRecord(text: string): IdempotencyRecord {
  const stored = JSON.parse(text) as string | { bodyHash: string; answer: string };
  if (typeof stored === 'string') return pairs(stored);
  assert(typeof stored.answer === 'string', 'an idempotency record of an unknown form');
  return { kind: 'answer', ...stored };
}

function pairs(marks: string): PairsRecord {
  return { kind: 'pairs', marks, index: undefined };
}

/** Bytes a record takes in memory, roughly. */
export function weighRecord(record: IdempotencyRecord): number {
  if (record.kind === 'answer') return 200 + record.answer.length * 2;
  return 100 + record.marks.length + (record.index?.size ?? 0) * 60;
}

/** Members of one record; an SDK sends at most 10,000 actions in one batch. */
const pairsMax = 20_000;
/** From this many on a record is searched by its index. */
const indexedFrom = 64;

/** The SDK pairs that one batch meets. Neighbours mostly share a record, so it is looked up once. */
export class SeenPairs {
  /** The records that got a new member. */
  readonly changed = new Map<string, PairsRecord>();
  readonly #lookUp: (record: string) => IdempotencyRecord | undefined;
  #name: string | undefined;
  #record = pairs('');
  #mark = '';

  constructor(lookUp: (record: string) => IdempotencyRecord | undefined) {
    this.#lookUp = lookUp;
  }

  /** Whether the pair was seen before; asked before its action is applied. */
  has(pair: Pair): boolean {
    const record = this.#recordOf(pair);
    this.#mark = markOf(pair.member);
    const members = record.marks.length / markLength;
    if (members < indexedFrom) return holdsMark(record.marks, this.#mark);
    record.index ??= new Set(Array.from({ length: members }, (_, at) => markAt(record.marks, at)));
    return record.index.has(this.#mark);
  }

  /** The action of the pair last asked for was applied. A failure is not kept: its repeat may succeed. */
  keep({ record: name }: Pair): void {
    const record = this.#record;
    if (record.marks.length >= pairsMax * markLength) {
      // A client that uses one uuid for ever: its newest actions matter, a record may not grow without end.
      record.marks = '';
      record.index = undefined;
    }
    record.marks += this.#mark;
    record.index?.add(this.#mark);
    if (!this.changed.has(name)) this.changed.set(name, record);
  }

  #recordOf({ record: name }: Pair): PairsRecord {
    if (name !== this.#name) {
      const known = this.changed.get(name) ?? this.#lookUp(name);
      this.#record = known?.kind === 'pairs' ? known : pairs('');
      this.#name = name;
    }
    return this.#record;
  }
}

function markAt(marks: string, index: number): string {
  return marks.slice(index * markLength, (index + 1) * markLength);
}
