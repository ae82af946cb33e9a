/** When, and by what chance. */
export interface EvaluationOptions {
  /** Milliseconds since 1970; what `prefab.current-time` is. Parts of a millisecond do not count. */
  readonly now: number;
  /** From 0 (inclusive) to 1 (exclusive): decides weighted values that have nothing to hash, by the config's key. */
  readonly random: (key: string) => number;
}
