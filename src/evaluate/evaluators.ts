/** The evaluators of a node. */
import type { Ruleset } from '../ruleset/ruleset.js';
import { Evaluator } from './evaluator.js';

/**
 * The evaluators of all rulesets that were evaluated, one each. An evaluator is kept as long as its
 * ruleset, so the bound on rulesets bounds memory here too.
 */
export class Evaluators {
  readonly #byRuleset = new WeakMap<Ruleset, Evaluator>();

  /** The ruleset's evaluator; the first call creates it. */
  of(ruleset: Ruleset): Evaluator {
    const present = this.#byRuleset.get(ruleset);
    if (present !== undefined) return present;
    const evaluator = new Evaluator(ruleset);
    this.#byRuleset.set(ruleset, evaluator);
    return evaluator;
  }
}
