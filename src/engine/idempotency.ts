import { assert } from '../lib/assert.ts';
import type { Pair } from './batch.ts';

/** What is remembered to recognise repeats (design D7): an SDK batch's reqIds, or the answer to a keyed request. */
export type IdempotencyRecord =
  | { readonly kind: 'pairs'; readonly members: Set<string> }
  | { readonly kind: 'answer'; readonly bodyHash: string; readonly answer: string };

export function writeRecord(record: IdempotencyRecord): string {
  return record.kind === 'pairs'
    ? JSON.stringify([...record.members])
    : JSON.stringify({ bodyHash: record.bodyHash, answer: record.answer });
}

export function readRecord(text: string): IdempotencyRecord {
  const stored = JSON.parse(text) as string[] | { bodyHash: string; answer: string };
  if (Array.isArray(stored)) return { kind: 'pairs', members: new Set(stored) };
  assert(typeof stored.answer === 'string', 'an idempotency record of an unknown form');
  return { kind: 'answer', ...stored };
}

/** Bytes a record takes in memory, roughly. */
export function weighRecord(record: IdempotencyRecord): number {
  return record.kind === 'pairs' ? 120 + record.members.size * 60 : 200 + record.answer.length * 2;
}

/** The SDK pairs that one batch meets. Neighbours mostly share a record, so it is looked up once. */
export class SeenPairs {
  /** The records that got a new member. */
  readonly changed = new Map<string, Set<string>>();
  readonly #lookUp: (record: string) => IdempotencyRecord | undefined;
  #record: string | undefined;
  #members = new Set<string>();

  constructor(lookUp: (record: string) => IdempotencyRecord | undefined) {
    this.#lookUp = lookUp;
  }

  has(pair: Pair): boolean {
    return this.#membersOf(pair.record).has(pair.member);
  }

  add(pair: Pair): void {
    const members = this.#membersOf(pair.record);
    if (!this.changed.has(pair.record)) this.changed.set(pair.record, members);
    members.add(pair.member);
  }

  #membersOf(record: string): Set<string> {
    if (record !== this.#record) {
      const known = this.#lookUp(record);
      this.#members = this.changed.get(record) ?? (known?.kind === 'pairs' ? known.members : new Set());
      this.#record = record;
    }
    return this.#members;
  }
}
