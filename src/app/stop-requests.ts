/**
 * Decides what a signal to stop means. Pure.
 *
 * Ctrl-C reaches a server that `npm start` runs twice: the terminal signals the whole group of
 * processes, and npm passes on what it got. Both come within milliseconds; a person who presses it
 * again because stopping takes too long needs longer.
 *
 *     0 ms      first signal     stop
 *     < 1 s     its repeats      ignored
 *     after     another signal   exit, without waiting any longer
 */

/** The milliseconds in which further signals count as the first. */
const REPEAT_MS = 1_000;

/** The meaning of a signal. */
export type StopDecision = 'stop' | 'repeat' | 'exit';

/**
 * Decides on a signal.
 *
 * @param first the time of the first signal, milliseconds of a monotonic clock; `undefined` when
 *   this is it
 */
export function decideStop(first: number | undefined, now: number): StopDecision {
  if (first === undefined) return 'stop';
  return now - first < REPEAT_MS ? 'repeat' : 'exit';
}
