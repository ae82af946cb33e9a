/**
 * A moment by both clocks of a machine. The wall clock is set back and forth; the monotonic one
 * stands still while a machine is suspended. The longer of the two times since a moment is never
 * too short, and where it is too long, the next measurement puts that right.
 */
import type { Clock } from './clock.js';

/** A moment of this process. */
export interface Instant {
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** Milliseconds, monotonic. */
  readonly monotonic: number;
}

/** The clocks that an instant is read from. */
export type InstantClock = Pick<Clock, 'now' | 'monotonic'>;

/** Returns the present moment. */
export function instantNow(clock: InstantClock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/** Returns the moment that many milliseconds before another. */
export function instantBefore({ wall, monotonic }: Instant, milliseconds: number): Instant {
  return { wall: wall - milliseconds, monotonic: monotonic - milliseconds };
}

/** Returns the moment of that time by the wall clock: one of another process, or of another run. */
export function instantAt(wall: number, clock: InstantClock): Instant {
  return instantBefore(instantNow(clock), Math.max(0, clock.now() - wall));
}

/** Returns the milliseconds since a moment, at least 0. */
export function elapsedSince(instant: Instant, clock: InstantClock): number {
  return Math.max(0, clock.now() - instant.wall, clock.monotonic() - instant.monotonic);
}

/** Returns the later of two moments of this process. */
export function laterOf(a: Instant | undefined, b: Instant): Instant {
  return a !== undefined && a.monotonic >= b.monotonic ? a : b;
}
