/**
 * A queue for many small works that come together, such as a write to each of thousands of
 * connections. They are done in the order in which they came, in slices of turns of the event loop:
 * the first slice immediately, so that few are never late.
 *
 *     add ×5,000    turn 1          turn 2               turn 3
 *                   1 … 400 i/o     401 … 800 i/o        801 … 1,200 i/o      8 ms each
 */
import { eventLoop, type Slices, type Turns } from './turns.js';

/** The collaborators of a queue. */
export interface SlicedQueueOptions<T> {
  /** Does the work of an element. */
  readonly handle: (element: T) => void;
  /** Takes what `handle` throws, unless it runs in the turn of its `add`. */
  readonly failed: (error: unknown) => void;
  readonly turns?: Turns | undefined;
}

/** Elements that wait for their work, each once. */
export class SlicedQueue<T> {
  readonly #options: SlicedQueueOptions<T>;
  readonly #turns: Turns;
  readonly #waiting = new Set<T>();
  /** The slice of the turn in which the first element came; `undefined`: nothing is under way. */
  #first: Slices | undefined;

  constructor(options: SlicedQueueOptions<T>) {
    this.#options = options;
    this.#turns = options.turns ?? eventLoop;
  }

  /** The number of elements that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Does the work of an element in this turn or a later one. One that waits keeps its place. */
  add(element: T): void {
    if (this.#first === undefined) {
      this.#first = this.#turns.here();
      void this.#run();
    }
    if (this.#waiting.size > 0 || this.#first.isOver) this.#waiting.add(element);
    else this.#options.handle(element);
  }

  /** Takes an element out, whose work is no longer needed. */
  remove(element: T): void {
    this.#waiting.delete(element);
  }

  async #run(): Promise<void> {
    const slices = await this.#turns.begin();
    for (const element of this.#waiting) {
      if (slices.isOver) await slices.next();
      // It may have been taken out in the meantime.
      if (!this.#waiting.delete(element)) continue;
      try {
        this.#options.handle(element);
      } catch (error) {
        this.#options.failed(error);
      }
    }
    this.#first = undefined;
  }
}
