/** The parameters of a command in place of globals, so that tests neither sleep nor patch. */

/** Anything with the `write` of a Node stream. */
export interface Output {
  write(text: string): unknown;
}

/** The streams, network and clock of a command. */
export interface CommandIO {
  readonly fetch: typeof fetch;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /**
   * Resolves after that many milliseconds, or immediately when the signal aborts. Never rejects.
   */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Aborts when the person at the keyboard has had enough. */
  readonly signal: AbortSignal;
}

/** A command that did its work and ends with another exit code than 0, without a message. */
export class ExitWith extends Error {
  override readonly name = 'ExitWith';
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/** The command was called in a way that cannot work; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
