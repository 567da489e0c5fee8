import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new secret of 256 random bits, 43 URL-safe characters. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
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
