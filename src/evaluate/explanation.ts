/**
 * Explanations of evaluations: the rule that decided, and what each rule before it lacked. Made by
 * the evaluator itself; nothing is decided here. Pure.
 */
import type { Config, ConditionalValue, Criterion } from '../ruleset/model.js';
import { rulesOf, type RuleTrace } from './compiled-config.js';
import type { ContextValue } from './contexts.js';
import type { EvaluationPass } from './evaluation-pass.js';
import type { PredicateTable } from './predicate-table.js';
import type { Evaluation } from './result.js';

/** Why a config has the value that it has. */
export interface Explanation {
  readonly evaluation: Evaluation;
  /** The rule that decided; `undefined` when none did. */
  readonly decided: ExplainedRule | undefined;
  /** The rules before it, in the order in which they were tried. */
  readonly failed: readonly FailedRule[];
}

/** A rule. */
export interface ExplainedRule {
  /** Counted from 0 in the order in which rules are tried. */
  readonly number: number;
  readonly conditional: ConditionalValue;
}

/** A rule that did not apply, and the first of its criteria that did not hold. */
export interface FailedRule extends ExplainedRule {
  readonly criterion: Criterion;
  /** What the contexts have for the criterion's property; `undefined`: nothing. */
  readonly actual: ContextValue | undefined;
}

/** The pass that evaluated, and the table that names its properties. */
export interface TracedPass {
  readonly pass: EvaluationPass;
  readonly predicates: PredicateTable;
}

/** Explains a trace of a config; `undefined` when there is no config, or it cannot be read. */
export function explanationOf(
  config: Config | undefined,
  environment: bigint,
  { evaluation, failed, isDecided }: RuleTrace,
  { pass, predicates }: TracedPass,
): Explanation {
  const rules = config === undefined ? [] : rulesOf(config, environment);
  const decided = isDecided ? rules[failed.length] : undefined;
  return {
    evaluation,
    decided: decided && { number: failed.length, conditional: decided.conditional },
    failed: failed.flatMap((index, number) => {
      const conditional = rules[number]?.conditional;
      const criterion = conditional?.criteria?.[index];
      if (conditional === undefined || criterion === undefined) return [];
      const { propertyName } = criterion;
      const property = propertyName === undefined ? undefined : predicates.property(propertyName);
      return [{ number, conditional, criterion, actual: property && pass.attribute(property).value }];
    }),
  };
}
