/** Tells how far long work has come: in place on a terminal, by a line now and then elsewhere. */
import type { CommandContext } from './context.js';

/** The milliseconds between two lines where the output is no terminal, as in the log of a job. */
const LINE_EVERY_MS = 5_000;

/** Tells how far long work has come. */
export class Progress {
  readonly #context: CommandContext;
  #toldAt: number;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#toldAt = context.around.now();
  }

  /** Tells it, when it is time. */
  tell(text: string): void {
    const { err, around } = this.#context;
    if (err.isTerminal) {
      err.transient(text);
    } else if (around.now() - this.#toldAt >= LINE_EVERY_MS) {
      this.#toldAt = around.now();
      err.line(text);
    }
  }

  /** Removes what stands on a terminal, before anything else is printed. */
  end(): void {
    this.#context.err.transient('');
  }
}
