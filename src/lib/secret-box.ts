import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
export const boxKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts what has to be kept and cannot be kept as a hash, with a key that lies elsewhere. */
export class SecretBox {
  readonly #key: Uint8Array;

  /** `key` has `boxKeyBytes` random bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Nonce, tag, ciphertext. */
  seal(secret: string): Uint8Array {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Undefined: it was sealed with another key, or changed. */
  open(sealed: Uint8Array): string | undefined {
    try {
      const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      return (
        decipher.update(sealed.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      return undefined;
    }
  }
}
