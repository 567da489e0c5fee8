import { hash, randomFillSync, timingSafeEqual } from 'node:crypto';

const secretBytes = 32;
/** Random bytes, many at once: asking for them takes 30 µs however few they are, and each start of an app wants a secret. */
const pool = Buffer.alloc(128 * secretBytes);
let used = pool.length;

/** A new secret of 256 random bits, 43 URL-safe characters. */
export function newSecret(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const secret = pool.toString('base64url', used, used + secretBytes);
  pool.fill(0, used, used + secretBytes);
  used += secretBytes;
  return secret;
}

/** What is kept of a secret: SHA-256. Secrets here are random and long, so a slow hash would add nothing. */
export function hashSecret(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}

/** A secret's name, for lists and for revoking it: 16 hexadecimal digits of its hash. */
export function nameSecret(hashed: Uint8Array): string {
  return Buffer.from(hashed.buffer, hashed.byteOffset, 8).toString('hex');
}

/** Hashes of secrets that were right, so that a busy client's key is not hashed for every call (10 µs each). */
const known = new Map<string, Uint8Array>();
const knownMax = 1_000;

/** Whether `secret` has this hash, compared in constant time. */
export function isSecret(secret: string, hashed: Uint8Array): boolean {
  const own = known.get(secret) ?? hashSecret(secret);
  const isRight = timingSafeEqual(own, hashed);
  if (isRight && known.size < knownMax) known.set(secret, own);
  return isRight;
}
