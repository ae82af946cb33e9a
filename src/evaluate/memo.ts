/** How many runs are told apart before the array must be cleared; so that a mark fits into 32 bits. */
const MAX_RUNS = 2 ** 30 - 1;

/**
 * The answers of runs, one after the other in the same array, so that a run for a single config does not begin by clearing thousands of
 * cells. An answer counts for the run that wrote it. Should a run begin inside of another one (from its `chance`), the outer one finds
 * answers gone and asks again.
 */
export class Memo {
  readonly #maxRuns: number;
  #cells = new Int32Array(0);
  #runs = 0;

  constructor(maxRuns = MAX_RUNS) {
    this.#maxRuns = maxRuns;
  }

  /**
   * Begins a run.
   *
   * @param questions how many there can be
   * @returns the cells, by question, and what a cell holds for yes in this run; for no it holds one less
   */
  begin(questions: number): { readonly cells: Int32Array; readonly yes: number } {
    if (this.#cells.length < questions || this.#runs === this.#maxRuns) {
      this.#cells = new Int32Array(questions);
      this.#runs = 0;
    }
    this.#runs++;
    return { cells: this.#cells, yes: 2 * this.#runs + 1 };
  }
}
