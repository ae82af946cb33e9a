/**
 * The budget of lookups that unknown keys cause. Anyone can make keys up, and each would be a read
 * per source.
 *
 * A token bucket: a lookup takes one token, and a lookup that found a good key gives it back, so
 * that only keys which do not count use the budget up. Lookups that are not over are bounded too:
 * with slow sources, tokens would come faster than lookups end.
 */
import type { Logger } from 'pino';

/** Lookups that can be made without a pause, and that can be under way at the same time. */
const CAPACITY = 500;
/** Lookups that are regained each second. */
const PER_SECOND = 20;

/** The collaborators of a budget. */
export interface LookupBudgetOptions {
  /** Milliseconds. */
  readonly monotonic: () => number;
  readonly log: Logger;
  /** Told of each refusal. */
  readonly onRefused: () => void;
}

/** A lookup that the budget allowed. */
export interface Lookup {
  /** Must be called once. @param isGood true when the lookup found a key that counts */
  end(isGood: boolean): void;
}

/** Bounds the lookups of unknown keys. */
export class LookupBudget {
  readonly #options: LookupBudgetOptions;
  #tokens = CAPACITY;
  #underWay = 0;
  #countedAt: number;
  /** From the first refusal until half of the budget is regained: one line in the log. */
  #isUsedUp = false;

  constructor(options: LookupBudgetOptions) {
    this.#options = options;
    this.#countedAt = options.monotonic();
  }

  /** Begins a lookup; `undefined` when there must be none now. */
  begin(): Lookup | undefined {
    this.#regain();
    if (this.#tokens < 1 || this.#underWay >= CAPACITY) {
      this.#refuse();
      return undefined;
    }
    this.#tokens--;
    this.#underWay++;
    return {
      end: (isGood) => {
        this.#underWay--;
        if (isGood) this.#tokens = Math.min(CAPACITY, this.#tokens + 1);
      },
    };
  }

  #regain(): void {
    const now = this.#options.monotonic();
    this.#tokens = Math.min(CAPACITY, this.#tokens + ((now - this.#countedAt) / 1000) * PER_SECOND);
    this.#countedAt = now;
    if (this.#tokens >= CAPACITY / 2) this.#isUsedUp = false;
  }

  #refuse(): void {
    const { log, onRefused } = this.#options;
    onRefused();
    if (this.#isUsedUp) return;
    this.#isUsedUp = true;
    log.warn(
      { perSecond: PER_SECOND },
      'too many unknown API keys: what is not in memory or on disk is looked up at a bounded rate; holdfast_key_lookups_refused_total counts refusals',
    );
  }
}
