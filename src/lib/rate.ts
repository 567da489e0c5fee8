/** How fast a number that only grows has grown lately. Sampled: asking it costs the counted work nothing. */
export class Rate {
  readonly #slots: number;
  #samples: { atMs: number; value: number }[] = [];

  /** `slots`: how many samples it looks back. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  sample(value: number, atMs: number): void {
    this.#samples.push({ atMs, value });
    if (this.#samples.length > this.#slots + 1) this.#samples.shift();
  }

  /** Per second, over the samples it has; 0 until there are two. */
  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last.value - first.value) * 1000) / (last.atMs - first.atMs);
  }
}
