import { hashText } from './hash.ts';

/** Two hashes of 32 bits; all places of a key follow from them. */
export type KeyHash = readonly [number, number];

/** Bits set for each key. */
const places = 4;

/**
 * A set of texts that may answer "perhaps" for one it does not hold, never "no" for one it holds. Grows fuller, never
 * larger: with ten bits a key one strange text in a hundred is taken for a known one, with five bits one in ten.
 */
export class BloomFilter {
  readonly #words: Uint32Array;
  readonly #mask: number;

  /** `bits` is a power of two. Memory is used as keys come. */
  constructor(bits: number) {
    this.#words = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  add([first, second]: KeyHash): void {
    for (let n = 0; n < places; n++) {
      const bit = (first + Math.imul(n, second)) & this.#mask;
      this.#words[bit >>> 5] = (this.#words[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  mayHold([first, second]: KeyHash): boolean {
    for (let n = 0; n < places; n++) {
      const bit = (first + Math.imul(n, second)) & this.#mask;
      if (((this.#words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

export function hashKey(key: string): KeyHash {
  // Odd, so that the places differ.
  return [hashText(key, 0x9e3779b1), hashText(key, 0x85ebca77) | 1];
}
