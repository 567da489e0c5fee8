/**
 * What the clients know about everything they sent. The checks compare it with the store: an acknowledged item must
 * be there exactly once, a refused one never, and one of unknown fate at most once.
 */
export class Ledger {
  readonly items: Item[] = [];
  /** The newest value of the attribute `last` of each user. */
  readonly lastAttributes = new Map<string, number>();
  readonly #sequences = new Map<string, number>();

  /** A new event to send, with a number of its own and the next place in the order of its user. */
  addEvent(user: string, eventName: string): Item {
    const item = {
      number: this.items.length,
      user,
      eventName,
      sequence: this.#next(user),
      fate: 'pending' as Fate,
    };
    this.items.push(item);
    return item;
  }

  /** A new value for the attribute `last`. Only for requests that are repeated until they are acknowledged. */
  nextAttribute(user: string): number {
    const value = this.#next(user);
    this.lastAttributes.set(user, value);
    return value;
  }

  users(): string[] {
    return [...this.#sequences.keys()];
  }

  count(fate: Fate): number {
    return this.items.filter((item) => item.fate === fate).length;
  }

  #next(user: string): number {
    const sequence = (this.#sequences.get(user) ?? 0) + 1;
    this.#sequences.set(user, sequence);
    return sequence;
  }
}

/**
 * `pending`: on its way. `acknowledged`: answered with success. `refused`: answered 503 by a server that took it back
 * and lives on. `unknown`: the connection broke, or the server answered 503 and stopped; nobody repeated it.
 */
export type Fate = 'pending' | 'acknowledged' | 'refused' | 'unknown';

export interface Item {
  /** Its place in `Ledger.items`; travels in the event's parameters as `n`. */
  readonly number: number;
  readonly user: string;
  readonly eventName: string;
  /** Grows with every write to the user; travels as `s`. */
  readonly sequence: number;
  fate: Fate;
}
