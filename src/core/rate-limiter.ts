/**
 * A rate limiter: token buckets in the form of GCRA, which keeps one number for each of them. Pure
 * but for its state.
 *
 *     bucket of 10 at 1 a second        0 s: ten requests pass, the eleventh waits 1 s
 *     number kept                       the time at which the bucket is full again
 *
 * A bucket that is full again is like one that was never used, so it may be forgotten.
 */

/** The seconds' worth of requests that may come at the same time. */
const BURST_SECONDS = 10;

/** Buckets that are kept, at most; some 100 bytes each. */
const BUCKETS_MAX = 50_000;

/** Limits the requests of each of many names. */
export class RateLimiter {
  /** Milliseconds in which one request is earned. */
  readonly #interval: number;
  /** Milliseconds of requests that a bucket has, when full. */
  readonly #burst: number;
  readonly #max: number;
  readonly #now: () => number;
  /** The time at which each bucket is full again, those that were used longest ago first. */
  readonly #fullAt = new Map<string, number>();

  /**
   * @param rate requests a second on average; ten seconds' worth may come at the same time
   * @param now milliseconds, monotonic
   * @param max buckets that are kept: beyond it, the one that was used longest ago is forgotten,
   *   which can only admit more
   */
  constructor(rate: number, now: () => number, max = BUCKETS_MAX) {
    this.#interval = 1000 / rate;
    this.#burst = BURST_SECONDS * 1000;
    this.#now = now;
    this.#max = max;
  }

  /** The buckets that are kept. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Takes one request from a bucket. Returns 0, or the milliseconds after which there is one; then
   * nothing is taken.
   */
  take(name: string): number {
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt.get(name) ?? now, now) + this.#interval;
    const wait = fullAt - now - this.#burst;
    // Sums of intervals are not exact.
    if (wait > 0.001) return wait;
    this.#fullAt.delete(name);
    this.#fullAt.set(name, fullAt);
    if (this.#fullAt.size > this.#max) this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    const oldest = this.#fullAt.keys().next();
    if (oldest.done !== true) this.#fullAt.delete(oldest.value);
  }
}
