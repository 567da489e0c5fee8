import { hash } from 'node:crypto';
import { idempotencyKeyMax } from './limits.ts';

/** What a request with an `Idempotency-Key` is known by (design D7). */
export interface RequestKey {
  readonly record: string;
  readonly bodyHash: string;
}

export type KeyResult = { readonly key: RequestKey | undefined } | { readonly problem: string };

/** Reads the `Idempotency-Key` header of a write; `scope` names project and route. */
export function readIdempotencyKey(
  header: string | readonly string[] | undefined,
  scope: readonly (string | number)[],
  content: { query: string; body: Uint8Array },
): KeyResult {
  if (header === undefined) return { key: undefined };
  if (typeof header !== 'string' || header === '' || header.length > idempotencyKeyMax) {
    return { problem: `Idempotency-Key must have 1 to ${idempotencyKeyMax} characters` };
  }
  const bodyHash = hash(
    'sha256',
    Buffer.concat([Buffer.from(`${content.query}\n`), content.body]),
    'base64url',
  );
  return { key: { record: `key${JSON.stringify([...scope, header])}`, bodyHash } };
}

/** The text in both dialects for a key that comes again with another body. */
export const keyReusedText = 'Idempotency-Key was already used with a different request';

/** An answer as it is kept for repeats of a keyed request: status, a space, body. */
export function packAnswer(answer: { status: number; body: string }): string {
  return `${answer.status} ${answer.body}`;
}

export function unpackAnswer(text: string): { status: number; body: string } {
  return { status: Number(text.slice(0, 3)), body: text.slice(4) };
}
