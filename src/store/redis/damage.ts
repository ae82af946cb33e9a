/** The error for what Redis holds under a name of ours and Holdfast did not write. Pure. */
import { HoldfastError } from '../../core/errors.js';

/** Reads what the store holds. @throws HoldfastError `store_damaged` when that throws */
export function undamaged<T>(what: string, read: () => T, remedy?: string): T {
  try {
    return read();
  } catch (error) {
    throw damage(what, error, remedy);
  }
}

/** The error for something in the store that Holdfast did not write. */
export function damage(
  what: string,
  cause: unknown,
  remedy = 'Restore it from a backup, or import the ruleset again.',
): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `The store holds ${what} in a form that Holdfast did not write. ${remedy}`,
    { cause },
  );
}
