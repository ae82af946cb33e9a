/** Rollouts: a share of the contexts gets one value, the rest another. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Config, ConfigValue, WeightedValues } from '../ruleset/model.js';
import { valueTypeWords } from '../words/configs.js';
import { describeValue } from '../words/values.js';
import { UsageError } from './io.js';
import { editedRow } from '../ruleset/rows.js';
import { defaultOf } from './rules.js';
import { parseAs, type TypedValue } from './value.js';

/** The property that a rollout hashes by unless told otherwise: the targeting key of OpenFeature. */
export const ROLLOUT_PROPERTY = 'user.key';

const PERCENT = /^(\d+)(?:\.(\d{1,2}))?\s*%?$/;

/** True for text that reads as a percentage, such as `25%`. */
export function isPercentage(text: string): boolean {
  return /^-?\d+(\.\d+)?\s*%$/.test(text.trim());
}

/**
 * Reads a percentage, as hundredths of a percent.
 *
 * @throws UsageError
 */
export function readPercentage(text: string): number {
  const [, whole, decimals = ''] = PERCENT.exec(text.trim()) ?? [];
  const hundredths = whole === undefined ? NaN : Number(whole) * 100 + Number(decimals.padEnd(2, '0'));
  if (hundredths <= 10_000) return hundredths;
  throw new UsageError(
    `The percentage must be from 0 to 100, with at most 2 decimals, and is ${JSON.stringify(text)}.`,
  );
}

/** A share, and what it is of. */
export interface RolloutOptions {
  /** Hundredths of a percent, from 0 to 10,000. */
  readonly share: number;
  /** The property that decides who is in the share; that of the present rollout when absent. */
  readonly by?: string | undefined;
  /** The value that the share gets, as text; true when absent. */
  readonly to?: string | undefined;
}

/** A config after a rollout. */
export interface PlannedRollout {
  readonly typed: TypedValue;
  /** The property that decides; absent at 0 and 100 percent, where none does. */
  readonly by?: string;
}

/**
 * Plans the default of a config as a rollout. What the rest gets: false for a flag; for other types
 * the other value of the present rollout, or the present value.
 *
 * @throws UsageError when it is not clear which values are meant
 */
export function planRollout(config: Config, environment: string, options: RolloutOptions): PlannedRollout {
  const { key = '' } = config;
  const present = presentDefault(config, environment);
  const weighted = present?.weightedValues;
  const valueType = typeOf(config, present);
  if (options.to === undefined && valueType !== 'BOOL') {
    const words = valueTypeWords[valueType] ?? valueType;
    const type = valueType === '' ? 'has no value type' : `is of type ${words}`;
    throw new UsageError(
      `${key} ${type}, so that --to must say what the share gets: holdfast rollout ${key} ${options.share / 100} --to VALUE.`,
    );
  }
  const to = parseAs(valueType, options.to ?? 'true').value;
  const rest = valueType === 'BOOL' ? { bool: to.bool !== true } : otherValue(key, present, to);
  const by = options.by ?? weighted?.hashByPropertyName ?? ROLLOUT_PROPERTY;
  return rolloutOf(valueType, { to, rest, by, share: options.share }, weighted);
}

/**
 * The value of a flag for a share, where there is no rollout yet: true, and false for the rest.
 *
 * @param share hundredths of a percent
 */
export function flagRollout(share: number, by: string = ROLLOUT_PROPERTY): PlannedRollout {
  return rolloutOf('BOOL', { to: { bool: true }, rest: { bool: false }, by, share });
}

interface Shares {
  readonly to: ConfigValue;
  readonly rest: ConfigValue;
  readonly by: string;
  readonly share: number;
}

/**
 * At 0 and 100 percent it is the plain value: contexts need no property for it, and no rounding of
 * an SDK gives a client the value that has no share.
 *
 * The order of the present rollout is kept, because it decides who is in the share: a larger share
 * must contain the smaller one.
 */
function rolloutOf(
  valueType: string,
  { to, rest, by, share }: Shares,
  present?: WeightedValues,
): PlannedRollout {
  if (share === 0 || share === 10_000) return { typed: { valueType, value: share === 0 ? rest : to } };
  // Small weights where they suffice: 25 and 75 are what a person reads in a datafile.
  const unit = share % 100 === 0 ? 100 : 1;
  const weights = [
    { weight: share / unit, value: to },
    { weight: (10_000 - share) / unit, value: rest },
  ];
  const first = present?.weightedValues?.[0]?.value;
  const isReversed = first !== undefined && present?.weightedValues?.length === 2 && isSame(first, rest);
  const value: ConfigValue = {
    weightedValues: {
      weightedValues: isReversed ? weights.reverse() : weights,
      hashByPropertyName: by,
    },
  };
  return { typed: { valueType, value }, by };
}

/** The value where no rule matches: that of the environment's row, else of the default row. */
function presentDefault(config: Config, environment: string): ConfigValue | undefined {
  const fallback = config.rows?.find(({ projectEnvId }) => projectEnvId === undefined);
  return (defaultOf(editedRow(config, environment)) ?? defaultOf(fallback ?? {}))?.value;
}

function typeOf({ valueType = '' }: Config, present: ConfigValue | undefined): string {
  if (valueType !== '' && valueType !== 'NOT_SET_VALUE_TYPE') return valueType;
  const first = present?.weightedValues?.weightedValues?.[0]?.value ?? present;
  return first?.bool === undefined ? '' : 'BOOL';
}

function otherValue(key: string, present: ConfigValue | undefined, to: ConfigValue): ConfigValue {
  const variants = present?.weightedValues?.weightedValues?.map(({ value = {} }) => value);
  const others = (variants ?? (present === undefined ? [] : [present])).filter((each) => !isSame(each, to));
  const [other] = others;
  if (other !== undefined && others.length === 1) return other;
  if (other !== undefined) {
    const values = others.map((each) => describeValue(each)).join(', ');
    throw new UsageError(
      `${key} is divided between several values next to that one: ${values}. First set what the rest gets with holdfast set, or edit the rollout as a flag file: holdfast export ${key}.`,
    );
  }
  const why = present === undefined ? 'has no default' : `is ${describeValue(to)} already`;
  throw new UsageError(
    `${key} ${why}, so that the rest has no other value to get. First set that one: holdfast set ${key} VALUE.`,
  );
}

/** Confidential or not, it is the same value. */
function isSame(a: ConfigValue, b: ConfigValue): boolean {
  return isDeepStrictEqual({ ...a, confidential: undefined }, { ...b, confidential: undefined });
}
