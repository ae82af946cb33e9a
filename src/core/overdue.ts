/**
 * A timeout that fires late shows that this process did not run: what it waited for may have come
 * long before. Pure.
 */

/** Timers are late by a little on any busy machine. Milliseconds. */
const TOLERANCE_MS = 250;

/**
 * Returns the time for which this process did not run at the end of a timeout, at least.
 *
 * @param waited milliseconds from the start of the timer until its callback ran
 * @param timeout milliseconds for which the timer was set
 * @returns milliseconds; 0 when the timer was on time
 */
export function overdueBy(waited: number, timeout: number): number {
  const late = waited - timeout;
  return late > TOLERANCE_MS ? Math.round(late) : 0;
}
