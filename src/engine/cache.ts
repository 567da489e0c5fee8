interface Entry<Value> {
  /** undefined: known to be absent from the store. */
  value: Value | undefined;
  /** The newest group that changed it; 0: as read. */
  group: number;
  /** It stays until this group is on disk. */
  keptFor: number;
  weight: number;
  used: boolean;
}

/**
 * What the engine knows of one kind of thing: as read, or changed and perhaps not yet on disk. Bounded by weight:
 * `sweep` evicts what was not used since it last came by (the clock algorithm), never what the store does not have yet.
 */
export class Cache<Key, Value> {
  readonly #entries = new Map<Key, Entry<Value>>();
  #hand: IterableIterator<[Key, Entry<Value>]> = this.#entries.entries();
  #weight = 0;
  #removals = 0;

  get weight(): number {
    return this.#weight;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How often something was taken out: while it stays the same, what was known is known. */
  get removals(): number {
    return this.#removals;
  }

  /** True when the answer is known, also when it is "nobody". */
  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry.value;
  }

  /** Takes in what the store said. What is known already is at least as new, so it stays. */
  install(key: Key, value: Value | undefined, weight: number): void {
    if (this.#entries.has(key)) return;
    this.#entries.set(key, { value, group: 0, keptFor: 0, weight, used: true });
    this.#weight += weight;
  }

  /** Records a change made by `group`, kept for it; undefined: there is none any more. */
  set(key: Key, value: Value | undefined, weight: number, group: number, keptFor = group): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#entries.set(key, { value, group, keptFor, weight, used: true });
      this.#weight += weight;
      return;
    }
    this.#weight += weight - entry.weight;
    entry.value = value;
    entry.weight = weight;
    entry.group = group;
    entry.keptFor = keptFor;
    entry.used = true;
  }

  /** Lets something leave when `group` is on disk and not before; Infinity: not until this is called again. */
  keep(key: Key, group: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.keptFor = group;
  }

  /** Forgets everything that `group` or a later one changed: it was not stored, the store knows better. */
  forgetSince(group: number): Key[] {
    const forgotten: Key[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.group < group) continue;
      this.#remove(key, entry);
      forgotten.push(key);
    }
    return forgotten;
  }

  /**
   * Evicts until at most `weightMax` is left or every entry was looked at twice. Entries kept for a group newer than
   * `storedGroup` stay.
   */
  sweep(weightMax: number, storedGroup: number): void {
    // Every entry twice, and the turns of the hand from the last to the first.
    let steps = this.#entries.size * 2 + 2;
    while (this.#weight > weightMax && steps > 0) {
      steps -= 1;
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = this.#entries.entries();
        continue;
      }
      const [key, entry] = next.value;
      if (entry.used) entry.used = false;
      else if (entry.keptFor <= storedGroup) this.#remove(key, entry);
    }
  }

  #remove(key: Key, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#removals += 1;
    this.#weight -= entry.weight;
  }
}
