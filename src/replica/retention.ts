/**
 * The retention of environments in memory: a number that is always kept, and beyond these the ones
 * in use. Pure.
 *
 * The longest unused one goes first. One that is needed counts as used when it comes first, so that
 * a pass costs what it drops and not what it skips.
 */
export interface RetentionOptions {
  /** The number of environments that stay when unused. */
  readonly keep: number;
  /** Milliseconds without use after which one may go. */
  readonly idle: number;
}

/** Decides which environments are dropped from memory. */
export class Retention {
  readonly #options: RetentionOptions;
  /** Environment → when it was last used, milliseconds; the longest unused one first. */
  readonly #used = new Map<bigint, number>();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** The environment is in memory, and is used. */
  use(environment: bigint, now: number): void {
    this.#used.delete(environment);
    this.#used.set(environment, now);
  }

  /** The environments that are to go now; they are forgotten here. */
  *drop(now: number, isNeeded: (environment: bigint) => boolean): Generator<bigint> {
    const { keep, idle } = this.#options;
    for (const [environment, used] of this.#used) {
      if (this.#used.size <= keep || now - used < idle) return;
      if (isNeeded(environment)) this.use(environment, now);
      else {
        this.#used.delete(environment);
        yield environment;
      }
    }
  }
}
