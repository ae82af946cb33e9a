/** The evaluators of a node. */
import { eventLoop, type Turns } from '../core/turns.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { Evaluator } from './evaluator.js';

/** The collaborators of evaluators. */
export interface EvaluatorsOptions {
  /** Called once per evaluation in which the budget left predicates untested; see budget.ts. */
  readonly onOverBudget?: () => void;
  /** The turns in which rulesets are compiled. */
  readonly turns?: Pick<Turns, 'begin'>;
}

/**
 * The evaluators of all rulesets that were evaluated, one each. An evaluator is kept as long as its
 * ruleset, so the bound on rulesets bounds memory here too.
 */
export class Evaluators {
  readonly #byRuleset = new WeakMap<Ruleset, Evaluator>();
  readonly #onOverBudget: (() => void) | undefined;
  readonly #turns: Pick<Turns, 'begin'>;

  constructor({ onOverBudget, turns = eventLoop }: EvaluatorsOptions = {}) {
    this.#onOverBudget = onOverBudget;
    this.#turns = turns;
  }

  /**
   * The ruleset's evaluator, with the present version compiled. Compiling a ruleset, or a large
   * change of it, is done in slices and shared by all that wait for it. When the promise resolves,
   * an evaluation in the same turn compiles nothing.
   */
  async of(ruleset: Ruleset): Promise<Evaluator> {
    let evaluator = this.#byRuleset.get(ruleset);
    if (evaluator === undefined) {
      evaluator = new Evaluator(ruleset, this.#onOverBudget);
      this.#byRuleset.set(ruleset, evaluator);
    }
    await evaluator.prepare(() => this.#turns.begin());
    return evaluator;
  }
}
