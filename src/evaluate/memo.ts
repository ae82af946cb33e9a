/** Results of predicates for the length of one evaluation pass. */

/**
 * The number of passes that are distinguished before the array must be cleared, so that a mark fits
 * into 32 bits.
 */
const MAX_PASSES = 2 ** 29 - 1;

/** The cells of a pass, and the content of a cell for each result in this pass. */
export interface MemoCells {
  /** Indexed by predicate. */
  readonly cells: Int32Array;
  /** The mark of a predicate that holds; one less: it does not; two less: it cannot be tested. */
  readonly yes: number;
}

/**
 * The results of all passes, one pass after the other in the same array, so that a pass for a
 * single config does not begin by clearing thousands of cells. A result counts for the pass that
 * wrote it. When a pass begins inside another one (from its `random`), the outer one finds its
 * results overwritten and tests again.
 */
export class Memo {
  readonly #maxPasses: number;
  #cells = new Int32Array(0);
  #passes = 0;

  /** @param maxPasses smaller in tests */
  constructor(maxPasses = MAX_PASSES) {
    this.#maxPasses = maxPasses;
  }

  /**
   * Begins a pass that ends in the same turn.
   *
   * @param predicates the number of predicates
   */
  begin(predicates: number): MemoCells {
    if (this.#cells.length < predicates || this.#passes === this.#maxPasses) {
      this.#cells = new Int32Array(predicates);
      this.#passes = 0;
    }
    this.#passes++;
    return { cells: this.#cells, yes: 3 * this.#passes + 2 };
  }
}

/** Cells of its own for a pass during which others begin. */
export function ownCells(predicates: number): MemoCells {
  return { cells: new Int32Array(predicates), yes: 3 };
}
