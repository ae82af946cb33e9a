/** How long to wait before something is tried again. Pure. */

export interface BackoffOptions {
  /** The most that is waited before the first repetition. Milliseconds. */
  readonly first: number;
  /** Doubling ends here. Milliseconds. */
  readonly most: number;
}

/**
 * "Full jitter": anything from nothing to a limit that doubles with each failure. So clients that lost the same server at the same moment come back
 * spread evenly, whatever their clocks say; a fixed delay with a little jitter would bring them back as one wave.
 *
 * @param failures in a row, 1 or more
 * @param least what the server asked for with `retry:` or `Retry-After`: obeyed, and the jitter comes on top of it. Milliseconds
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function delayAfter(
  failures: number,
  { first, most }: BackoffOptions,
  least: number,
  random: number,
): number {
  return least + random * Math.min(most, first * 2 ** Math.min(failures - 1, 30));
}
