/** Time and chance: parameters of everything that waits or draws, so that tests neither sleep nor guess. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Nature {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

export const REAL: Nature = { now: Date.now, monotonic: () => performance.now(), random: Math.random };

/** Waits; an abort ends the wait and is no error, because who waits looks at the signal. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
