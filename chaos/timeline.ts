/** The order of events, for the reader of a failed run. */
import { appendFileSync } from 'node:fs';
import { seconds } from './plan.js';

export class Timeline {
  readonly #file: string;
  readonly #from = performance.now();

  /** @param file is written line by line, so that it is there however the run ends */
  constructor(file: string) {
    this.#file = file;
  }

  /** @param at by performance.now(); default: now */
  note(text: string, at = performance.now()): void {
    appendFileSync(this.#file, `${seconds(at - this.#from)}  ${text}\n`);
  }
}
