/** The parts of an evaluation that do not come from the ruleset or the contexts. */

/** Time and randomness of one evaluation. */
export interface EvaluationOptions {
  /**
   * Milliseconds since 1970: the value of `prefab.current-time`. Fractions of a millisecond are
   * ignored.
   */
  readonly now: number;
  /**
   * A number from 0 (inclusive) to 1 (exclusive) for the config of that key. Chooses among weighted
   * values when the contexts have nothing to hash.
   */
  readonly random: (key: string) => number;
}
