/** The classes of lag of holds. Pure. */

/**
 * `current`: it has everything. `under_t`: it lacks a version that was committed within T, so its
 * verification is still to come. `over_t`: it lacks one that is older.
 */
export type HoldLag = 'current' | 'under_t' | 'over_t';

/** The position of a reader that has everything, and the commit of it. */
export interface LatestPosition {
  readonly position: bigint;
  /** Milliseconds since 1970. */
  readonly committedAt: number;
}

/**
 * Decides the lag of a hold.
 *
 * @param now milliseconds since 1970
 * @param staleness T, milliseconds
 */
export function lagOf(position: bigint, latest: LatestPosition, now: number, staleness: number): HoldLag {
  if (position >= latest.position) return 'current';
  return now - latest.committedAt <= staleness ? 'under_t' : 'over_t';
}
