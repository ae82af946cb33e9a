/** The times of a belt server, in milliseconds. */

/** The timeouts of reads from sources. */
export interface CopyTimes {
  /** For a manifest. */
  readonly manifest: number;
  /** For a snapshot. */
  readonly snapshot: number;
  /**
   * The time that other sources have after the first manifest. A newer one that comes later is used
   * then.
   */
  readonly grace: number;
}

/** The timeouts of a real belt server. */
export const COPY_TIMES: CopyTimes = { manifest: 5_000, snapshot: 30_000, grace: 1_000 };

/** The time that a request waits for something newer than what it can be answered from. */
export const PATIENCE_MS = 2_000;
/** The time that a request waits where it cannot be answered yet. */
export const LOAD_MS = 10_000;
/** Answers of sources are not asked for again out of turn while they are younger. */
export const FRESH_MS = 1_000;
