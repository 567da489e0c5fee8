import { assert } from '../lib/assert.ts';
import type { Pair } from './batch.ts';

/** What is remembered to recognise repeats (design D7): an SDK batch's reqIds, or the answer to a keyed request. */
export type IdempotencyRecord =
  | PairsRecord
  | { readonly kind: 'answer'; readonly bodyHash: string; readonly answer: string };

/** The reqIds of one (device, uuid), and the same as the inside of a JSON list, which grows with them. */
export interface PairsRecord {
  readonly kind: 'pairs';
  readonly members: Set<string>;
  text: string;
}

export function writeRecord(record: IdempotencyRecord): string {
  return record.kind === 'pairs'
    ? `[${record.text}]`
    : JSON.stringify({ bodyHash: record.bodyHash, answer: record.answer });
}

export function readRecord(text: string): IdempotencyRecord {
  const stored = JSON.parse(text) as string[] | { bodyHash: string; answer: string };
  if (Array.isArray(stored)) return { kind: 'pairs', members: new Set(stored), text: text.slice(1, -1) };
  assert(typeof stored.answer === 'string', 'an idempotency record of an unknown form');
  return { kind: 'answer', ...stored };
}

/** Bytes a record takes in memory, roughly. */
export function weighRecord(record: IdempotencyRecord): number {
  return record.kind === 'pairs' ? 120 + record.members.size * 60 : 200 + record.answer.length * 2;
}

/** Members of one record; an SDK sends at most 10,000 actions in one batch. */
const pairsMax = 20_000;

/** The SDK pairs that one batch meets. Neighbours mostly share a record, so it is looked up once. */
export class SeenPairs {
  /** The records that got a new member. */
  readonly changed = new Map<string, PairsRecord>();
  readonly #lookUp: (record: string) => IdempotencyRecord | undefined;
  #name: string | undefined;
  #record: PairsRecord = { kind: 'pairs', members: new Set(), text: '' };

  constructor(lookUp: (record: string) => IdempotencyRecord | undefined) {
    this.#lookUp = lookUp;
  }

  /** Takes a pair for an action that is about to be applied; false: it was seen before. */
  claim(pair: Pair): boolean {
    const record = this.#recordOf(pair);
    const { members } = record;
    if (members.size >= pairsMax) {
      // A client that uses one uuid for ever: its newest actions matter, a record may not grow without end.
      members.clear();
      record.text = '';
    }
    const before = members.size;
    return members.add(pair.member).size > before;
  }

  /** The action was not applied after all: its repeat may succeed. */
  release(pair: Pair): void {
    this.#recordOf(pair).members.delete(pair.member);
  }

  /** The action was applied. */
  keep(pair: Pair): void {
    const record = this.#recordOf(pair);
    if (!this.changed.has(pair.record)) this.changed.set(pair.record, record);
    record.text += `${record.text === '' ? '' : ','}${JSON.stringify(pair.member)}`;
  }

  #recordOf({ record: name }: Pair): PairsRecord {
    if (name !== this.#name) {
      const known = this.changed.get(name) ?? this.#lookUp(name);
      this.#record = known?.kind === 'pairs' ? known : { kind: 'pairs', members: new Set(), text: '' };
      this.#name = name;
    }
    return this.#record;
  }
}
