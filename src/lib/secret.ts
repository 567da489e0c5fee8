import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new secret of 256 random bits, 43 URL-safe characters. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret: SHA-256. Secrets here are random and long, so a slow hash would add nothing. */
export function hashSecret(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}

/** Whether `secret` has this hash, in constant time. */
export function isSecret(secret: string, hashed: Uint8Array): boolean {
  return timingSafeEqual(hashSecret(secret), hashed);
}
