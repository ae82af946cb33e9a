/**
 * The budget of an evaluation pass: a bound on the work that contexts can cause.
 *
 * A client chooses its contexts, and some predicates take time in proportion to the length of a
 * text, times the size of an expression. Without a bound, one request with 20 KB of user agent and
 * 20 expressions took 3 s. Short texts are free, so ordinary contexts never meet the bound: the
 * work is then bounded by the ruleset.
 *
 * The unit is a character of a text times an instruction of an expression, at most 30 ns as
 * measured. The budget is a number and not a time, so that equal requests get equal answers.
 */

/** The work of all predicates of a pass on long texts: at most 30 ms. */
export const PASS_BUDGET = 1_000_000;

/** Work on texts and lists up to this length is free. Characters, or entries of a list. */
export const FREE_LENGTH = 200;

/** Work that is left for one pass. */
export class Budget {
  #left = PASS_BUDGET;
  #refused = 0;

  /** The number of times that work was refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Takes work from the budget.
   *
   * @param length of the text or list
   * @param perElement units for each character or entry
   * @returns false, with nothing taken, when more is needed than is left
   */
  spend(length: number, perElement: number): boolean {
    if (length <= FREE_LENGTH) return true;
    const work = length * perElement;
    if (work > this.#left) {
      this.#refused++;
      return false;
    }
    this.#left -= work;
    return true;
  }
}
