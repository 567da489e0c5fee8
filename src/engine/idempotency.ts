import { assert } from '../lib/assert.ts';

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
