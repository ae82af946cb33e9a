/**
 * Exponential backoff with jitter: how long to wait before a failed operation is tried again. Pure.
 */

/** The range of a backoff. */
export interface BackoffRange {
  /** The limit before the first retry. Milliseconds. */
  readonly first: number;
  /** The limit stops doubling here. Milliseconds. */
  readonly max: number;
}

/**
 * The delay before the next try, from half of a limit that doubles with each failure to all of it
 * ("equal jitter"). For a server that retries against one dependency: the pause is never much
 * shorter than the failure suggests.
 *
 * @param failures in a row, 1 or more
 * @param random from 0 (inclusive) to 1 (exclusive)
 * @returns whole milliseconds
 */
export function equalJitter(failures: number, range: BackoffRange, random: number): number {
  return Math.round(limit(failures, range) * (0.5 + random / 2));
}

/**
 * The delay before the next try, from nothing to a limit that doubles with each failure ("full
 * jitter"). For clients: those that lost the same server in the same instant come back evenly
 * spread, where a fixed delay with a little jitter brings them back as one wave.
 *
 * @param failures in a row, 1 or more
 * @param random from 0 (inclusive) to 1 (exclusive)
 * @returns milliseconds
 */
export function fullJitter(failures: number, range: BackoffRange, random: number): number {
  return random * limit(failures, range);
}

/** The exponent is bounded, because 2 ** 1024 is Infinity and 0 × Infinity is NaN. */
function limit(failures: number, { first, max }: BackoffRange): number {
  return Math.min(max, first * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
}
