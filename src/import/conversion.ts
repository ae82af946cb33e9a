/** Flags as converters give them, the configs that say the same, and the report. Pure. */
import { HoldfastError } from '../core/errors.js';
import type { ConditionalValue, Config, ConfigValue } from '../ruleset/model.js';
import { validateConfig } from '../ruleset/validate.js';
import { alternatives, NotConvertible, type Condition } from './condition.js';

/** A value, or shares of contexts that get different ones. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'split'; readonly by: string; readonly shares: readonly Share[] };

/** A part of a split. */
export interface Share {
  /** Not negative; the shares of a split need not add up to anything. */
  readonly weight: number;
  readonly value: unknown;
}

/** A flag in the form that every product has: the first rule whose condition holds decides. */
export interface ConvertedFlag {
  readonly key: string;
  /** Every value that it can have, for its type. */
  readonly values: readonly unknown[];
  readonly rules: readonly { readonly when: Condition; readonly then: Outcome }[];
}

/** What is to be known about a conversion, of one flag or segment. */
export interface Finding {
  readonly subject: string;
  /**
   * `left out`: it is not in the result. `differs`: some context may get another value than before.
   * `moves`: shares stay as large as they were and have others in them.
   */
  readonly kind: 'left out' | 'differs' | 'moves';
  readonly reason: string;
}

/** The result of a conversion. */
export interface Conversion {
  readonly configs: readonly Config[];
  readonly findings: readonly Finding[];
}

/** Collects the configs and findings of a conversion. */
export class Converter {
  readonly #configs: Config[] = [];
  readonly #findings: Finding[] = [];

  /**
   * Converts one flag or segment. A part that has no form leaves the whole of it out: what remained
   * would give some contexts a value that they never had.
   */
  add(subject: string, convert: (differs: (reason: string) => void) => Config): void {
    const differences: string[] = [];
    try {
      const config = convert((reason) => differences.push(reason));
      // What a commit would refuse, such as an expression that not every SDK has.
      validateConfig(config, { environment: 1n, projectId: 1n, field: subject });
      this.#configs.push(config);
      for (const reason of new Set(differences)) this.#findings.push({ subject, kind: 'differs', reason });
      const by = splitProperties(config);
      if (by.length > 0) {
        const reason = `contexts are spread over its shares by another hash (of ${by.join(', ')}): the shares stay as large, but a context may be in another one than before, and one without that attribute gets any`;
        this.#findings.push({ subject, kind: 'moves', reason });
      }
    } catch (error) {
      if (!(error instanceof NotConvertible || error instanceof HoldfastError)) throw error;
      this.#findings.push({ subject, kind: 'left out', reason: error.message.replace(/\.$/, '') });
    }
  }

  /** Everything that was added. */
  get result(): Conversion {
    return { configs: this.#configs, findings: this.#findings };
  }
}

function splitProperties({ rows = [] }: Config): string[] {
  const weighted = rows.flatMap(({ values = [] }) => values.map(({ value }) => value?.weightedValues));
  return [...new Set(weighted.flatMap((each) => each?.hashByPropertyName ?? []))];
}

/**
 * The config of a flag.
 *
 * @throws NotConvertible
 */
export function flagConfigOf({ key, values, rules }: ConvertedFlag): Config {
  const valueType = typeOf(values);
  const made: ConditionalValue[] = [];
  for (const { when, then } of rules) {
    const value = outcomeValue(then, valueType);
    for (const criteria of alternatives(when))
      made.push(criteria.length === 0 ? { value } : { criteria, value });
    // Nothing after a rule without criteria is ever reached.
    if (made.at(-1)?.criteria === undefined && made.length > 0) break;
  }
  if (made.length === 0)
    throw new NotConvertible('no rule of it can ever hold, and it has no value otherwise');
  return { key, configType: 'FEATURE_FLAG', valueType, rows: [{ values: made }] };
}

/** The config of a segment. */
export function segmentOf(key: string, rules: readonly { when: Condition; then: boolean }[]): Config {
  const outcomes = rules.map(({ when, then }) => ({ when, then: { kind: 'value', value: then } as const }));
  const otherwise = { when: { kind: 'always' }, then: { kind: 'value', value: false } } as const;
  const config = flagConfigOf({ key, values: [true], rules: [...outcomes, otherwise] });
  return { ...config, configType: 'SEGMENT' };
}

type ValueType = 'BOOL' | 'STRING' | 'INT' | 'DOUBLE' | 'JSON';

function typeOf(values: readonly unknown[]): ValueType {
  const types = new Set(values.map(typeOfValue));
  const [type, ...others] = types;
  if (type === undefined) throw new NotConvertible('it has no values');
  if (others.length === 0) return type;
  if ([...types].every((each) => each === 'INT' || each === 'DOUBLE')) return 'DOUBLE';
  throw new NotConvertible(`its values have different types (${[...types].join(', ')})`);
}

function typeOfValue(value: unknown): ValueType {
  if (typeof value === 'boolean') return 'BOOL';
  if (typeof value === 'string') return 'STRING';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'INT' : 'DOUBLE';
  if (value === null || value === undefined) throw new NotConvertible('a value of it is null');
  return 'JSON';
}

function plainValue(value: unknown, type: ValueType): ConfigValue {
  switch (type) {
    case 'BOOL':
      return { bool: value === true };
    case 'STRING':
      return { string: String(value) };
    case 'INT':
      return { int: String(value) };
    case 'DOUBLE':
      return { double: Number(value) };
    case 'JSON':
      return { json: { json: JSON.stringify(value) } };
  }
}

function outcomeValue(outcome: Outcome, type: ValueType): ConfigValue {
  if (outcome.kind === 'value') return plainValue(outcome.value, type);
  const shares = outcome.shares.filter(({ weight }) => weight > 0);
  const [first] = shares;
  if (first === undefined) throw new NotConvertible('the shares of a split are all 0');
  if (shares.length === 1) return plainValue(first.value, type);
  const factor = scale(shares);
  return {
    weightedValues: {
      hashByPropertyName: outcome.by,
      weightedValues: shares.map(({ weight, value }) => ({
        weight: Math.round(weight * factor),
        value: plainValue(value, type),
      })),
    },
  };
}

/** Weights are whole numbers: shares with decimals are multiplied by a power of ten. */
function scale(shares: readonly Share[]): number {
  for (const factor of [1, 10, 100, 1000]) {
    if (shares.every(({ weight }) => Number.isInteger(Math.round(weight * factor * 1e6) / 1e6)))
      return factor;
  }
  return 10_000;
}

/** An outcome of one value for all. */
export function always(value: unknown): Outcome {
  return { kind: 'value', value };
}
