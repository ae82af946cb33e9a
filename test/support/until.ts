/** Waiting for conditions. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.js';

export interface UntilOptions {
  /** Milliseconds after which it gives up. */
  readonly timeout?: number;
  /** Milliseconds between two looks. */
  readonly interval?: number;
  /** Details to add to the error: the state that was found, a log. */
  readonly context?: () => string;
}

/**
 * Waits until `condition` holds (is not false, null or undefined), and returns what it returned.
 * What it throws counts as not yet.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const { timeout = 10_000, interval = 20, context } = options;
  const deadline = performance.now() + timeout;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      last = error;
    }
    await delay(interval);
  }
  const detail = [context?.(), last === undefined ? undefined : messageOf(last)].filter(
    (s) => s !== undefined,
  );
  throw new Error([`not within ${timeout} ms: ${what}`, ...detail].join('\n'));
}
