/** Validates values: public SDKs can read them, and under the given `valueType`. */
import { member, quote, refuse } from './fields.js';
import type { ConfigValue, WeightedValues } from './model.js';
import { CONFIG_VALUE_SHAPE } from './shapes.js';

/** The members of ConfigValue of which exactly one is present. */
export type Kind = Exclude<keyof ConfigValue, 'confidential' | 'decryptWith' | 'name' | 'description'>;

const kinds = CONFIG_VALUE_SHAPE.oneofs.get('type') as readonly Kind[];

/**
 * The kind that each `valueType` promises. The node SDK reads the member of that name and nothing
 * else.
 */
export const kindByType: Readonly<Partial<Record<string, Kind>>> = {
  INT: 'int',
  STRING: 'string',
  BYTES: 'bytes',
  DOUBLE: 'double',
  BOOL: 'bool',
  LIMIT_DEFINITION: 'limitDefinition',
  LOG_LEVEL: 'logLevel',
  STRING_LIST: 'stringList',
  INT_RANGE: 'intRange',
  DURATION: 'duration',
  JSON: 'json',
};

/**
 * The subset of ISO 8601 that every SDK reads; python alone knows weeks, months, years and signs.
 * At least one part: days (1), hours (4), minutes (6), seconds (8), each with its letter.
 */
export const DURATION = /^P(?=.)(\d+(\.\d+)?D)?(T(?=.)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?$/;

/** SDKs add weights up in an int32. */
const MAX_WEIGHT_SUM = 2 ** 31 - 1;

/** The kind of a value; `undefined` when it has none. */
export function kindOf(value: ConfigValue): Kind | undefined {
  return kinds.find((kind) => value[kind] !== undefined);
}

/**
 * Checks a value that a config can evaluate to.
 *
 * @param valueType the config's; `undefined` lets any kind pass, for configs that do not say and
 * for schemas
 * @throws HoldfastError `value_invalid`, `value_type_mismatch`, `weights_invalid`
 */
export function checkValue(
  value: ConfigValue | undefined,
  valueType: string | undefined,
  field: string,
): void {
  const kind = checkContent(value, field);
  if (value?.weightedValues !== undefined) {
    checkWeights(value.weightedValues, valueType, member(field, 'weightedValues'));
    return;
  }
  // `provided` is turned into the config's type by the SDK that reads the variable.
  if (valueType === undefined || kind === 'provided') return;
  const expected = kindByType[valueType];
  if (kind !== expected) {
    const right = expected === undefined ? '' : `; give it as ${expected}, or change valueType`;
    refuse(field, `is of kind ${kind}, but valueType is ${valueType}${right}.`, 'value_type_mismatch');
  }
}

/**
 * Checks that a value has a kind, and a content of that kind which SDKs can read.
 *
 * @throws HoldfastError `value_invalid`
 */
export function checkContent(value: ConfigValue | undefined, field: string): Kind {
  const kind = value === undefined ? undefined : kindOf(value);
  if (value === undefined || kind === undefined) {
    return refuse(field, `must have a value: one of ${kinds.join(', ')}.`, 'value_invalid');
  }
  const problem = problemOf(value, kind);
  if (problem !== undefined) refuse(member(field, kind), problem, 'value_invalid');
  if (value.decryptWith !== undefined && (kind !== 'string' || value.decryptWith === '')) {
    const rule = 'must name the config with the secret key, next to a value of kind string.';
    refuse(member(field, 'decryptWith'), rule, 'value_invalid');
  }
  return kind;
}

function problemOf(value: ConfigValue, kind: Kind): string | undefined {
  switch (kind) {
    case 'json':
      return problemOfJson(value.json?.json ?? '');
    case 'duration': {
      const text = value.duration?.definition ?? '';
      return DURATION.test(text)
        ? undefined
        : `must be a duration such as P1DT2H30M or PT0.5S, not ${quote(text)}.`;
    }
    case 'logLevel':
      return value.logLevel === 'NOT_SET_LOG_LEVEL'
        ? 'must be a level: TRACE, DEBUG, INFO, WARN, ERROR or FATAL.'
        : undefined;
    case 'provided':
      return value.provided?.source === 'ENV_VAR' && (value.provided.lookup ?? '') !== ''
        ? undefined
        : 'must have source ENV_VAR and, as lookup, the name of the variable.';
    case 'intRange': {
      const { start, end } = value.intRange ?? {};
      return start !== undefined && end !== undefined && BigInt(start) > BigInt(end)
        ? `must not start (${start}) after its end (${end}).`
        : undefined;
    }
    case 'int':
    case 'string':
    case 'bytes':
    case 'double':
    case 'bool':
    case 'stringList':
    case 'limitDefinition':
    case 'schema':
    case 'weightedValues':
      return undefined;
  }
}

function problemOfJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `must be JSON text: ${(error as SyntaxError).message}.`;
  }
}

function checkWeights(weighted: WeightedValues, valueType: string | undefined, field: string): void {
  const variants = weighted.weightedValues ?? [];
  const list = member(field, 'weightedValues');
  let sum = 0;
  variants.forEach(({ weight = 0, value }, index) => {
    const at = `${list}[${index}]`;
    if (weight < 0)
      refuse(member(at, 'weight'), `must not be negative, but is ${weight}.`, 'weights_invalid');
    if (value?.weightedValues !== undefined) {
      refuse(member(at, 'value'), 'must be a plain value; SDKs do not choose twice.', 'value_invalid');
    }
    checkValue(value, valueType, member(at, 'value'));
    sum += weight;
  });
  if (sum === 0) refuse(list, 'must have at least one weight above 0.', 'weights_invalid');
  if (sum > MAX_WEIGHT_SUM) {
    refuse(
      list,
      `must have weights that add up to at most ${MAX_WEIGHT_SUM}, not ${sum}.`,
      'weights_invalid',
    );
  }
}
