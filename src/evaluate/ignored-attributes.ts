/**
 * Attributes of a context that no rule could read. They are left out and named in the answer: one
 * of them must not take all flags away from a page.
 */

/** Attributes that an answer names at most. */
const NAMED_MAX = 10;
/** Characters of all names together at most. */
const LENGTH_MAX = 500;

/** The paths of attributes that were left out, in order. */
export type IgnoredAttributes = readonly string[];

/**
 * Returns the text that names ignored attributes in the metadata of an answer; `undefined` for
 * none.
 */
export function ignoredText(ignored: IgnoredAttributes): string | undefined {
  if (ignored.length === 0) return undefined;
  const named = ignored.slice(0, NAMED_MAX).join(', ').slice(0, LENGTH_MAX);
  return ignored.length > NAMED_MAX ? `${named} and ${ignored.length - NAMED_MAX} more` : named;
}
