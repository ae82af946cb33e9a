/** Configs made into a form that is fast to evaluate: every answer that a config can give is made once, and rules are lists of questions. */
import type { Config, ConditionalValue, ConfigValue } from '../ruleset/model.js';
import { isVisibleToClients } from '../ruleset/visible.js';
import { compileCriterion, type NameResolver } from './predicates.js';
import type { Resolved, EvaluatedConfig, Evaluation, Unresolved } from './result.js';
import type { EvaluationPass } from './evaluation-pass.js';
import { Split } from './split.js';
import { readValue } from './value.js';
import type { PredicateId } from './predicate-table.js';

/** One conditional value. */
interface Rule {
  /** All must be answered with yes. */
  readonly questions: readonly PredicateId[];
  readonly outcome: Evaluation | Split;
}

/** Types that have no value of their own. */
const VALUELESS: readonly (string | undefined)[] = ['SCHEMA', 'LIMIT_DEFINITION'];

export class CompiledConfig {
  readonly facts: EvaluatedConfig;
  readonly #rules: readonly Rule[];
  /** When no rule applies. */
  readonly #otherwise: Unresolved;

  constructor(facts: EvaluatedConfig, rules: readonly Rule[], otherwise: Unresolved['why']) {
    this.facts = facts;
    this.#rules = rules;
    this.#otherwise = unresolved(otherwise, facts);
  }

  evaluate(run: EvaluationPass): Evaluation {
    for (const { questions, outcome } of this.#rules) {
      if (!allHold(questions, run)) continue;
      return outcome.kind === 'split' ? (outcome.choose(run) ?? this.#otherwise) : outcome;
    }
    return this.#otherwise;
  }
}

/** The evaluation of a key that no live config has. */
export const MISSING: Unresolved = unresolved('missing', undefined);

/** Whether a config counts as deleted. Without rows it does, for all SDKs. */
export function isDeleted({ configType, rows = [] }: Config): boolean {
  return configType === 'DELETED' || rows.length === 0;
}

/**
 * @param config not deleted
 * @param environment rows of others are passed over
 */
export function compileConfig(config: Config, environment: bigint, names: NameResolver): CompiledConfig {
  const facts = factsOf(config);
  if (VALUELESS.includes(config.configType)) return new CompiledConfig(facts, [], 'missing');
  const rules = rowsFor(config, environment).flatMap((values, row) =>
    values.map((conditional, index) => compileRule(conditional, { config, facts, row, index, names })),
  );
  return new CompiledConfig(facts, rules, 'unmatched');
}

/** What cannot even be decoded. It is there, so it is not missing. */
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

/** The values of the rows that may be evaluated, in their order: those of the environment, then the default ones. */
function rowsFor({ rows = [] }: Config, environment: bigint): (readonly ConditionalValue[])[] {
  const own = rows.filter((row) => row.projectEnvId === environment.toString());
  const fallback = rows.filter((row) => row.projectEnvId === undefined);
  return [...own, ...fallback].map((row) => row.values ?? []);
}

/** Where a conditional value stands. */
interface Place {
  readonly config: Config;
  readonly facts: EvaluatedConfig;
  readonly row: number;
  readonly index: number;
  readonly names: NameResolver;
}

function compileRule({ criteria = [], value }: ConditionalValue, place: Place): Rule {
  return {
    questions: criteria.map((criterion) => compileCriterion(criterion, place.names)),
    outcome: outcomeOf(value, place, criteria.length === 0),
  };
}

/** @param isForAll whether the value has no criteria */
function outcomeOf(value: ConfigValue | undefined, place: Place, isForAll: boolean): Evaluation | Split {
  const { weightedValues } = value ?? {};
  // An encrypted value is withheld, whatever else it is.
  if (weightedValues === undefined || value?.decryptWith !== undefined) {
    const isStatic = place.row === 0 && place.index === 0 && isForAll;
    return evaluationOf(value, place, { reason: isStatic ? 'STATIC' : 'TARGETING_MATCH' });
  }
  const { weightedValues: variants = [], hashByPropertyName: hashBy } = weightedValues;
  if (variants.length === 0) return unresolved('unreadable', place.facts);
  const property = hashBy === undefined ? undefined : place.names.predicates.property(hashBy);
  const evaluations = variants.map((variant, weighted) =>
    evaluationOf(variant.value, place, { reason: 'SPLIT', weighted, hashBy }),
  );
  return new Split(place.facts.key, variants, evaluations, property);
}

/** What is known of a choice beside its place. */
interface Choice {
  readonly reason: Resolved['reason'];
  readonly weighted?: number;
  readonly hashBy?: string | undefined;
}

function evaluationOf(
  given: ConfigValue | undefined,
  { config, facts, row, index }: Place,
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

function allHold(questions: readonly PredicateId[], run: EvaluationPass): boolean {
  for (const question of questions) if (!run.holds(question)) return false;
  return true;
}
