/** Buckets grow by the fourth root of two: a quantile is exact to 19 %. */
const bucketsPerDoubling = 4;
const firstBucketMs = 0.05;
/** The last one ends at about 90 s; what takes longer counts there. */
const buckets = 84;
const slots = 60;

/** How long things took during the last `slots` ticks, in 20 KB however many there were. */
export class LatencyWindow {
  readonly #counts = Array.from({ length: slots }, () => new Uint32Array(buckets));
  #slot = 0;

  add(ms: number): void {
    const index = ms <= firstBucketMs ? 0 : Math.ceil(Math.log2(ms / firstBucketMs) * bucketsPerDoubling);
    const counts = this.#counts[this.#slot] as Uint32Array;
    const bucket = Math.min(index, buckets - 1);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  /** Begins a new slot, and forgets the oldest. */
  tick(): void {
    this.#slot = (this.#slot + 1) % slots;
    this.#counts[this.#slot]?.fill(0);
  }

  /** The time within which this share (0 to 1) was done, in milliseconds; null when there was nothing. */
  quantile(share: number): number | null {
    const sums = new Float64Array(buckets);
    let total = 0;
    for (const counts of this.#counts) {
      for (let i = 0; i < buckets; i++) {
        const count = counts[i] as number;
        sums[i] = (sums[i] as number) + count;
        total += count;
      }
    }
    if (total === 0) return null;
    let seen = 0;
    for (let i = 0; i < buckets; i++) {
      seen += sums[i] as number;
      if (seen >= total * share) return firstBucketMs * 2 ** (i / bucketsPerDoubling);
    }
    return firstBucketMs * 2 ** ((buckets - 1) / bucketsPerDoubling);
  }
}
