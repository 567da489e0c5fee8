import { createHash } from 'node:crypto';

/** Seeded random numbers (mulberry32), so that a failed run can be repeated from the seed it printed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join('');
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick: (choices) => choices[below(choices.length)] as (typeof choices)[number],
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    noise(length) {
      const options = { outputLength: Math.ceil((length * 3) / 4) };
      const bytes = createHash('shake256', options).update(hex(16)).digest('base64');
      return bytes.slice(0, length);
    },
  };
}

export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  /** A whole number, both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  uuid(): string;
  /** So many characters that no compression makes much smaller. */
  noise(length: number): string;
}

/** A new seed for runs that were not given one. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
