/**
 * The regular expressions of rules: those of RE2, which are matched in time linear to the text, so that no rule and no context can stall
 * a node. Backreferences and lookarounds are what RE2 does not have. See docs/decisions/0020-regular-expressions.md.
 */
import { RE2JS } from 're2js';

/** Whether a text contains a match. */
export type Pattern = (text: string) => boolean;

/**
 * Compiles an expression. It is searched for: to match a whole text it must begin with `^` and end with `$`.
 *
 * @throws Error whose message says what is wrong with it
 */
export function compilePattern(expression: string): Pattern {
  const compiled = RE2JS.compile(expression);
  return (text) => compiled.test(text);
}
