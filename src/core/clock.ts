/**
 * The clock is a parameter of everything that waits, measures time or draws a random number, so
 * that tests neither sleep nor guess. Nothing of Node is imported: the client library uses it in
 * browsers too.
 */
export interface Clock {
  /** Milliseconds since 1970; jumps when the machine's clock is set. */
  readonly now: () => number;
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly monotonic: () => number;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /**
   * Resolves after that many milliseconds, or as soon as the signal aborts. Never rejects: the
   * caller looks at the signal.
   */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  random: Math.random,
  sleep,
};

/** Waits by a timer of this process; see `Clock.sleep`. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    // Node 24 warns of a time that is over already.
    const timer = setTimeout(finish, Math.max(0, milliseconds));
    signal.addEventListener('abort', finish);
  });
}
