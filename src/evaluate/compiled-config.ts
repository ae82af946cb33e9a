/**
 * Configs in a form that is fast to evaluate: every evaluation that a config can result in is made
 * once, and rules are lists of predicate numbers.
 */
import type { Config, ConditionalValue, ConfigValue } from '../ruleset/model.js';
import { isVisibleToClients } from '../ruleset/visible.js';
import type { PredicateId, PredicateInput } from './predicate-table.js';
import { compileCriterion, type NameResolver } from './predicates.js';
import type { EvaluatedConfig, Evaluation, Resolved, Unresolved } from './result.js';
import { Split } from './split.js';
import { readValue } from './value.js';

/** One conditional value. */
interface Rule {
  /** All must hold. */
  readonly predicates: readonly PredicateId[];
  readonly outcome: Evaluation | Split;
}

/** Types that have no value of their own. */
const VALUELESS: readonly (string | undefined)[] = ['SCHEMA', 'LIMIT_DEFINITION'];

/** A config whose rules refer to the predicates of one `PredicateTable`. */
export class CompiledConfig {
  readonly facts: EvaluatedConfig;
  readonly #rules: readonly Rule[];
  /** The result when no rule applies. */
  readonly #otherwise: Unresolved;

  constructor(facts: EvaluatedConfig, rules: readonly Rule[], otherwise: Unresolved['why']) {
    this.facts = facts;
    this.#rules = rules;
    this.#otherwise = unresolved(otherwise, facts);
  }

  /** The outcome of the first rule of which all predicates hold. */
  evaluate(pass: PredicateInput): Evaluation {
    for (const { predicates, outcome } of this.#rules) {
      if (!allHold(predicates, pass)) continue;
      return outcome.kind === 'split' ? (outcome.choose(pass) ?? this.#otherwise) : outcome;
    }
    return this.#otherwise;
  }

  /**
   * Evaluates, and says how far each rule came. Apart from `evaluate`, so that this costs nothing;
   * the pass remembers what its predicates came to.
   */
  trace(pass: PredicateInput): RuleTrace {
    const evaluation = this.evaluate(pass);
    const failed: number[] = [];
    for (const { predicates } of this.#rules) {
      const first = predicates.findIndex((predicate) => !pass.holds(predicate));
      if (first === -1) return { evaluation, failed, isDecided: true };
      failed.push(first);
    }
    return { evaluation, failed, isDecided: false };
  }
}

/** An evaluation, and how far each rule came. */
export interface RuleTrace {
  readonly evaluation: Evaluation;
  /** For each rule that did not apply, in order, the index of its first criterion that does not hold. */
  readonly failed: readonly number[];
  /** True when the rule after those decided; false when none did. */
  readonly isDecided: boolean;
}

/** Traces the rules of a config; `undefined` stands for a key that no live config has. */
export function traceOf(config: CompiledConfig | undefined, pass: PredicateInput): RuleTrace {
  return config?.trace(pass) ?? { evaluation: MISSING, failed: [], isDecided: false };
}

/** The evaluation of a key that no live config has. */
export const MISSING: Unresolved = unresolved('missing', undefined);

/** True when a config counts as deleted. One without rows does, for all SDKs. */
export function isDeleted({ configType, rows = [] }: Config): boolean {
  return configType === 'DELETED' || rows.length === 0;
}

/**
 * Compiles a config.
 *
 * @param config not deleted
 * @param environment rows of other environments are skipped
 */
export function compileConfig(config: Config, environment: bigint, names: NameResolver): CompiledConfig {
  const facts = factsOf(config);
  if (VALUELESS.includes(config.configType)) return new CompiledConfig(facts, [], 'missing');
  const rules = rulesOf(config, environment).map(({ conditional, row, index }) =>
    compileRule(conditional, { config, facts, row, index, names }),
  );
  return new CompiledConfig(facts, rules, 'unmatched');
}

/** Stands for a config whose bytes cannot be decoded. It exists, so it is not `missing`. */
export function unreadableConfig(key: string, id: bigint): CompiledConfig {
  return new CompiledConfig(factsOf({ key, id: id.toString() }), [], 'unreadable');
}

function factsOf(config: Config): EvaluatedConfig {
  return Object.freeze({
    key: config.key ?? '',
    id: BigInt(config.id ?? 0),
    type: config.configType ?? 'NOT_SET_CONFIG_TYPE',
    valueType: config.valueType ?? 'NOT_SET_VALUE_TYPE',
    visible: isVisibleToClients(config),
  });
}

/** A conditional value and its position. */
export interface PlacedRule {
  readonly conditional: ConditionalValue;
  /** As `Resolved.row`. */
  readonly row: number;
  /** The index in the row. */
  readonly index: number;
}

/**
 * Lists the values of the rows that may be evaluated, in the order in which they are tried: those of
 * the environment, then the default ones.
 */
export function rulesOf({ rows = [] }: Config, environment: bigint): PlacedRule[] {
  const own = rows.filter((row) => row.projectEnvId === environment.toString());
  const fallback = rows.filter((row) => row.projectEnvId === undefined);
  return [...own, ...fallback].flatMap(({ values = [] }, row) =>
    values.map((conditional, index) => ({ conditional, row, index })),
  );
}

/** The position of a conditional value, and what compiling it needs. */
interface RuleContext {
  readonly config: Config;
  readonly facts: EvaluatedConfig;
  readonly row: number;
  readonly index: number;
  readonly names: NameResolver;
}

function compileRule({ criteria = [], value }: ConditionalValue, context: RuleContext): Rule {
  return {
    predicates: criteria.map((criterion) => compileCriterion(criterion, context.names)),
    outcome: outcomeOf(value, context, criteria.length === 0),
  };
}

/** @param isUnconditional true for a value without criteria */
function outcomeOf(
  value: ConfigValue | undefined,
  context: RuleContext,
  isUnconditional: boolean,
): Evaluation | Split {
  const { weightedValues } = value ?? {};
  // An encrypted value is withheld, whatever else it is.
  if (weightedValues === undefined || value?.decryptWith !== undefined) {
    const isStatic = context.row === 0 && context.index === 0 && isUnconditional;
    return evaluationOf(value, context, { reason: isStatic ? 'STATIC' : 'TARGETING_MATCH' });
  }
  const { weightedValues: variants = [], hashByPropertyName: hashBy } = weightedValues;
  if (variants.length === 0) return unresolved('unreadable', context.facts);
  const property = hashBy === undefined ? undefined : context.names.predicates.property(hashBy);
  const evaluations = variants.map((variant, weighted) =>
    evaluationOf(variant.value, context, { reason: 'SPLIT', weighted, hashBy }),
  );
  return new Split(context.facts.key, variants, evaluations, property);
}

/** The properties of an evaluation that depend on how its value was chosen. */
interface Choice {
  readonly reason: Resolved['reason'];
  readonly weighted?: number;
  readonly hashBy?: string | undefined;
}

function evaluationOf(
  given: ConfigValue | undefined,
  { config, facts, row, index }: RuleContext,
  { reason, weighted, hashBy }: Choice,
): Evaluation {
  const value = readValue(given, config);
  if (typeof value === 'string') return unresolved(value, facts);
  const { name } = given ?? {};
  return Object.freeze({
    kind: 'resolved',
    value,
    reason,
    config: facts,
    row,
    conditional: index,
    weighted,
    hashBy,
    name,
  });
}

function unresolved(why: Unresolved['why'], config: EvaluatedConfig | undefined): Unresolved {
  return Object.freeze({ kind: 'unresolved', why, config });
}

function allHold(predicates: readonly PredicateId[], pass: PredicateInput): boolean {
  for (const predicate of predicates) if (!pass.holds(predicate)) return false;
  return true;
}
