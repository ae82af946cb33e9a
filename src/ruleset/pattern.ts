/**
 * The regular expressions of rules: those of RE2, so that no rule and no context can stall a node.
 * RE2 has no backreferences and no lookarounds. See docs/decisions/0021-regular-expressions.md.
 */
import { RE2JS } from 're2js';

/**
 * The limit of an expression, in instructions: about one per character and repetition. RE2 needs
 * time in proportion to the text times the instructions; evaluate/budget.ts bounds the product.
 */
export const PATTERN_MAX_SIZE = 5_000;

/**
 * Memory of one expression for the states that its searches have met, bytes. The library's own
 * limit is 8 MB; 20 expressions took 500 MB. Texts that need more states than fit are searched
 * without them, which is no slower: building a state that is not met again took up to 230 ns per
 * character and instruction, the search without states at most 30 ns.
 */
const STATE_BYTES = 64 * 1024;

/** A compiled expression. */
export interface Pattern {
  /** Instructions. */
  readonly size: number;
  /** True when the text contains a match. */
  test(text: string): boolean;
}

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
  let isBounded = false;
  return {
    size,
    test(text) {
      // The states are created with the first search, not before: many expressions never need any.
      if (!isBounded) {
        const { dfa } = compiled.re2();
        dfa.stateBudget = STATE_BYTES;
        dfa.memBudget = STATE_BYTES;
        isBounded = true;
      }
      return compiled.test(text);
    },
  };
}
