/**
 * The regular expressions of rules: those of RE2, so that no rule and no context can stall a node.
 * RE2 has no backreferences and no lookarounds. See docs/decisions/0021-regular-expressions.md.
 */
import { RE2JS } from 're2js';

/**
 * RE2 needs time in proportion to the text times the size of the compiled expression. Both are
 * bounded: an expression has at most this many instructions, about one per character and
 * repetition.
 */
export const PATTERN_MAX_SIZE = 5_000;

/**
 * And a text is searched if its length times that size is at most this, which took up to 70 ms: 400
 * characters for the largest expression, 40,000 for one of 50 characters.
 */
export const PATTERN_MAX_WORK = 2_000_000;

/** True when a text contains a match; `undefined` for a text that is too long to be searched. */
export type Pattern = (text: string) => boolean | undefined;

/**
 * Compiles an expression. It is searched for: to match a whole text it must begin with `^` and end
 * with `$`.
 *
 * @throws Error whose message says what is wrong with it
 */
export function compilePattern(expression: string): Pattern {
  const compiled = RE2JS.compile(expression);
  const size = compiled.programSize();
  if (size > PATTERN_MAX_SIZE) {
    throw new Error(`it compiles to ${size} instructions, and at most ${PATTERN_MAX_SIZE} are searched for`);
  }
  return (text) => (text.length * size > PATTERN_MAX_WORK ? undefined : compiled.test(text));
}
