/**
 * Environments that keys name and that are not in memory. A candidate has keys and no ruleset; it
 * becomes one in memory when a good key needs its ruleset. Anyone can name environments, so that
 * candidates are few, and what is known of one counts by its keys.
 */
import type { EnvironmentCopy } from './environment-copy.js';

/** The candidates that are remembered; one counts more by each of its keys. */
const MAX_WEIGHT = 100_000;
/** The weight of a candidate without keys, in keys. */
const OWN_WEIGHT = 10;

/** Remembers environments that are not in memory, the last used ones. */
export class Candidates {
  readonly #create: (environment: bigint) => EnvironmentCopy;
  /** With the weight that each was last settled with; the longest unused one first. */
  readonly #all = new Map<bigint, { readonly copy: EnvironmentCopy; weight: number }>();
  #weight = 0;

  /** @param create makes a copy of which nothing is known */
  constructor(create: (environment: bigint) => EnvironmentCopy) {
    this.#create = create;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Returns the candidate for an environment, the same for all who ask at the same time. */
  get(environment: bigint): EnvironmentCopy {
    const known = this.#all.get(environment);
    const copy = known?.copy ?? this.#create(environment);
    this.#remove(environment);
    this.#add(copy, known?.weight ?? OWN_WEIGHT);
    return copy;
  }

  /** Weighs a candidate again after something was learnt of it, or forgets it if nothing was. */
  settle(copy: EnvironmentCopy): void {
    const { environment } = copy;
    if (this.#all.get(environment)?.copy !== copy || copy.isAsking) return;
    this.#remove(environment);
    if (copy.isConclusive || copy.weight > 0) this.#add(copy, OWN_WEIGHT + copy.weight);
  }

  /** Forgets an environment: it is in memory now. */
  delete(environment: bigint): void {
    this.#remove(environment);
  }

  #add(copy: EnvironmentCopy, weight: number): void {
    this.#all.set(copy.environment, { copy, weight });
    this.#weight += weight;
    for (const oldest of this.#all.keys()) {
      if (this.#weight <= MAX_WEIGHT || this.#all.size === 1) return;
      this.#remove(oldest);
    }
  }

  #remove(environment: bigint): void {
    this.#weight -= this.#all.get(environment)?.weight ?? 0;
    this.#all.delete(environment);
  }
}
