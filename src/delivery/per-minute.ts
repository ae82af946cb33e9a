/** The number of events of the last minute, in memory that does not grow. */

const SLOTS = 60;
const SLOT_MS = 1_000;

/** PerMinute counts events by the second, and forgets them after a minute. */
export class PerMinute {
  readonly #monotonic: () => number;
  readonly #counts = new Array<number>(SLOTS).fill(0);
  /** The second up to which slots are valid. */
  #second: number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#second = this.#now();
  }

  /** Adds events that happened now. */
  add(events: number): void {
    this.#advance();
    const slot = this.#second % SLOTS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + events;
  }

  /** The events of the last 60 seconds. */
  get total(): number {
    this.#advance();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #advance(): void {
    const now = this.#now();
    for (let left = Math.min(SLOTS, now - this.#second); left > 0; left--) {
      this.#counts[(now - left + 1) % SLOTS] = 0;
    }
    this.#second = Math.max(this.#second, now);
  }

  #now(): number {
    return Math.floor(this.#monotonic() / SLOT_MS);
  }
}
