/**
 * Turns of the event loop for work that grows with an environment.
 *
 * Such work runs in slices of a few milliseconds, and all of a process together in one slice per
 * turn of the event loop. One `setImmediate` per work would not do: Node runs every immediate that
 * is due in one turn, so eight requests would make a turn of eight slices.
 *
 *     turn 1          turn 2          turn 3
 *     A▒▒▒ i/o timers B▒▒▒ i/o timers A▒▒▒ i/o …       A and B are two works, ▒▒▒ a slice
 */

/**
 * The length of a slice, milliseconds. A turn has one slice and the ordinary work of the process.
 */
const SLICE_MS = 8;

/** The collaborators of turns; tests have their own. */
export interface TurnsOptions {
  /** The length of a slice, milliseconds. */
  readonly slice?: number;
  /** Milliseconds, monotonic. */
  readonly monotonic?: () => number;
  /** Runs a function in the next turn. */
  readonly schedule?: (run: () => void) => void;
}

/** A queue of works that wait for their next slice. */
export class Turns {
  readonly #slice: number;
  readonly #monotonic: () => number;
  readonly #schedule: (run: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;

  constructor(options: TurnsOptions = {}) {
    this.#slice = options.slice ?? SLICE_MS;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#schedule = options.schedule ?? ((run) => void setImmediate(run));
  }

  /** The number of works that wait for a slice. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A piece of work whose first slice is in the present turn and begins now. */
  here(): Slices {
    return new Slices(() => this.#next(), this.#monotonic, this.#slice);
  }

  /** Begins a piece of work; resolves at the start of its first slice. */
  async begin(): Promise<Slices> {
    await this.#next();
    return this.here();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#run();
    });
  }

  #run(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.#waiting.shift()?.();
      this.#run();
    });
  }
}

/** The slices of one piece of work. */
export class Slices {
  readonly #next: () => Promise<void>;
  readonly #monotonic: () => number;
  readonly #length: number;
  #until: number;

  constructor(next: () => Promise<void>, monotonic: () => number, length: number) {
    this.#next = next;
    this.#monotonic = monotonic;
    this.#length = length;
    this.#until = monotonic() + length;
  }

  /** True when the present slice is used up, and `next` is due. */
  get isOver(): boolean {
    return this.#monotonic() >= this.#until;
  }

  /**
   * Gives the turn up; resolves at the start of the next slice. Anything may have changed by then.
   */
  async next(): Promise<void> {
    await this.#next();
    this.#until = this.#monotonic() + this.#length;
  }
}

/** The turns of this process: one queue for all of its work, like the event loop that it shares. */
export const eventLoop = new Turns();

/** The elements of a work that is not sliced, above which it gets a turn of its own: 2 ms. */
const MANY = 1_000;

/**
 * Waits for a turn before work on that many elements which must not be interrupted: done in the turn
 * of the work before it, both would make one long turn. Few elements need not wait.
 */
export async function turnFor(elements: number): Promise<void> {
  if (elements > MANY) await eventLoop.begin();
}
