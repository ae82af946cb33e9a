/** The evaluators of a node. */
import type { Ruleset } from '../ruleset/ruleset.js';
import { Evaluator } from './evaluator.js';

/**
 * One evaluator for each ruleset that was evaluated. It is kept as long as its ruleset is, so memory is bounded by what bounds the
 * rulesets.
 */
export class Evaluators {
  readonly #byRuleset = new WeakMap<Ruleset, Evaluator>();

  /** The ruleset's evaluator; the first call makes it. */
  of(ruleset: Ruleset): Evaluator {
    const present = this.#byRuleset.get(ruleset);
    if (present !== undefined) return present;
    const evaluator = new Evaluator(ruleset);
    this.#byRuleset.set(ruleset, evaluator);
    return evaluator;
  }
}
