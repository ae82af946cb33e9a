/** Results of predicates for the length of one evaluation pass. */

/**
 * Passes that are told apart before the array must be cleared, so that a mark fits into 32 bits.
 */
const MAX_PASSES = 2 ** 30 - 1;

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
   * Begins a pass.
   *
   * @param predicates the number of predicates
   * @returns the cells, indexed by predicate, and the content of a cell that means yes in this
   * pass; one less means no
   */
  begin(predicates: number): { readonly cells: Int32Array; readonly yes: number } {
    if (this.#cells.length < predicates || this.#passes === this.#maxPasses) {
      this.#cells = new Int32Array(predicates);
      this.#passes = 0;
    }
    this.#passes++;
    return { cells: this.#cells, yes: 2 * this.#passes + 1 };
  }
}
