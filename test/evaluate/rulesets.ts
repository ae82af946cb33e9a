/**
 * Rulesets as no commit looked at them, for tests of what evaluation makes of anything, and short
 * forms of rules and contexts.
 */
import type { Context, Contexts, ContextValue } from '../../src/evaluate/contexts.js';
import type { Evaluation } from '../../src/evaluate/result.js';
import { Evaluator, type EvaluationOptions } from '../../src/evaluate/evaluator.js';
import { encodeConfig, encodeContextSet, encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config, ConfigValue, ContextSet, Criterion } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';

export const ENVIRONMENT = 7n;

/** 2023-11-14T22:13:20Z; and a random number that nothing should depend on. */
export const NOW: EvaluationOptions = {
  now: 1_700_000_000_000,
  random: (key) => {
    throw new Error(`${key} was chosen at random`);
  },
};

/** A ruleset of that environment in which the configs have the ids 1, 2, … */
export function rulesetOf(configs: readonly Config[], defaultContext?: ContextSet): Ruleset {
  return new Ruleset({
    environment: ENVIRONMENT,
    version: BigInt(configs.length),
    at: 0n,
    envelope: envelopeOf(defaultContext),
    configs: configs.map((config, index) => encodeConfig({ ...config, id: `${index + 1}` })),
  });
}

/** Brings a ruleset to its next version. */
export function change(ruleset: Ruleset, configs: readonly Config[], defaultContext?: ContextSet): void {
  const { version: previous, clientVersion: clientPrevious } = ruleset;
  const version = previous + BigInt(Math.max(configs.length, 1));
  ruleset.apply({
    environment: ENVIRONMENT,
    previous,
    version,
    clientPrevious,
    clientVersion: version,
    at: 0n,
    envelope: envelopeOf(defaultContext),
    configs: configs.map((config, index) =>
      encodeConfig({ ...config, id: `${previous + BigInt(index) + 1n}` }),
    ),
  });
}

function envelopeOf(defaultContext: ContextSet | undefined): Uint8Array {
  return encodeEnvelope({
    id: ENVIRONMENT,
    projectId: 3n,
    defaultContext: defaultContext && encodeContextSet(defaultContext),
  });
}

export function contextsOf(
  types: Readonly<Record<string, Readonly<Record<string, ContextValue>>>>,
): Contexts {
  return new Map(
    Object.entries(types).map(([type, values]): [string, Context] => [type, new Map(Object.entries(values))]),
  );
}

/** Contexts in which `user.x` is that; absent when it is `undefined`. */
export function userWith(value: ContextValue | undefined): Contexts {
  return contextsOf({ user: value === undefined ? {} : { x: value } });
}

/** A flag that is true when all criteria hold, else false. */
export function rule(key: string, ...criteria: Criterion[]): Config {
  return {
    key,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ criteria, value: { bool: true } }, { value: { bool: false } }] }],
  };
}

/** A config without rules. */
export function constant(valueType: string | undefined, value: ConfigValue): Config {
  const type = valueType === undefined ? {} : { valueType };
  return { key: 'a', configType: 'CONFIG', ...type, rows: [{ values: [{ value }] }] };
}

/** Evaluates the config `a`. */
export function evaluate(configs: readonly Config[], contexts: Contexts, options = NOW): Evaluation {
  return new Evaluator(rulesetOf(configs)).evaluate('a', contexts, options);
}

/** The value of a decided evaluation, else why there is none. */
export function outcome(evaluation: Evaluation): unknown {
  if (evaluation.kind === 'unresolved') return evaluation.why;
  const { value } = evaluation;
  return value.kind === 'duration' ? value.milliseconds : value.value;
}

/** True when a criterion on the property `user.x` holds for a value of it. */
export function holds(
  operator: string,
  valueToMatch: ConfigValue | undefined,
  value: ContextValue | undefined,
): boolean {
  const criterion = { propertyName: 'user.x', operator, ...(valueToMatch && { valueToMatch }) };
  return outcome(evaluate([rule('a', criterion)], userWith(value))) === true;
}
