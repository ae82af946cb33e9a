/** What is known of the terminal that a command prints to. Pure. */
import type { Output } from './io.js';

/** The properties of a terminal that change what is printed. */
export interface PrinterOptions {
  readonly colours: boolean;
  /** Characters of a line; `undefined` where the output is no terminal. */
  readonly width: number | undefined;
}

/** The properties of a standard stream that say how to print. */
export interface TerminalStream extends Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Decides how to print: colours on a terminal only, and never with a variable NO_COLOR that is not
 * empty (https://no-color.org).
 */
export function printerOptions(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
): PrinterOptions {
  const isTerminal = stream.isTTY === true;
  return {
    colours: isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    width: isTerminal ? (stream.columns ?? 80) : undefined,
  };
}
