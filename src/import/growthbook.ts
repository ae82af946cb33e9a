/**
 * Features of GrowthBook, from its SDK endpoint. Pure.
 *
 * Rules in order; one that is for a share of users leaves the others to the next rule. Conditions are
 * in the form of MongoDB's queries.
 */
import {
  all,
  ALWAYS_HOLDS,
  any,
  not,
  NotConvertible,
  test,
  testNumber,
  testTexts,
  type Condition,
} from './condition.js';
import {
  always,
  flagConfigOf,
  Converter,
  type Conversion,
  type ConvertedFlag,
  type Outcome,
  type Share,
} from './conversion.js';
import {
  isObject,
  listOf,
  objectOf,
  propertyOf,
  requireObject,
  textOf,
  USER_KEY,
  type JsonObject,
} from './input.js';
import { versionCondition } from './version-condition.js';

/**
 * Converts features.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertGrowthBook(input: unknown): Conversion {
  const file = requireObject(input, 'The file');
  const groups = isObject(file.savedGroups) ? file.savedGroups : {};
  const converter = new Converter();
  for (const [key, given] of Object.entries(requireObject(file.features, 'features'))) {
    converter.add(key, () => flagConfigOf(flagOf(key, objectOf(given, 'the feature'), groups)));
  }
  return converter.result;
}

type Rule = ConvertedFlag['rules'][number];

function flagOf(key: string, { defaultValue, rules }: JsonObject, groups: JsonObject): ConvertedFlag {
  const given = listOf(rules, 'rules').map((each) => objectOf(each, 'a rule'));
  const converted = given.map((rule, i): Rule => ruleOf(rule, i === given.length - 1, defaultValue, groups));
  const made = converted.flatMap(({ then }) =>
    then.kind === 'value' ? [then.value] : then.shares.map(({ value }) => value),
  );
  const last = { when: ALWAYS_HOLDS, then: always(defaultValue) };
  return { key, values: [defaultValue, ...made], rules: [...converted, last] };
}

function ruleOf(rule: JsonObject, isLast: boolean, defaultValue: unknown, groups: JsonObject): Rule {
  for (const name of ['parentConditions', 'namespace', 'filters', 'ranges'] as const) {
    if (rule[name] !== undefined && listOf(rule[name], name).length > 0) {
      throw new NotConvertible(`a rule of it has ${name}, which have no form`);
    }
  }
  const when =
    rule.condition === undefined
      ? ALWAYS_HOLDS
      : conditionOf(objectOf(rule.condition, 'a condition'), groups);
  const coverage = rule.coverage ?? 1;
  if (typeof coverage !== 'number' || coverage < 0 || coverage > 1)
    throw new NotConvertible('the coverage of a rule is no share');
  if (coverage < 1 && !isLast) {
    throw new NotConvertible(
      'a rule for a share of users is followed by another one, which those whom it misses get',
    );
  }
  const outside: Share[] = coverage < 1 ? [{ weight: (1 - coverage) * 100, value: defaultValue }] : [];
  const attribute =
    typeof rule.hashAttribute === 'string' && rule.hashAttribute !== '' ? rule.hashAttribute : 'id';
  const by = attributeOf(attribute);
  const split = (shares: readonly Share[]): Outcome => ({
    kind: 'split',
    by,
    shares: [...shares, ...outside].map(tidy),
  });
  if ('force' in rule) {
    return {
      when,
      then: coverage === 1 ? always(rule.force) : split([{ weight: coverage * 100, value: rule.force }]),
    };
  }
  const variations = listOf(rule.variations, 'variations');
  if (variations.length === 0) throw new NotConvertible('a rule of it has neither a value nor variations');
  const weights = rule.weights === undefined ? undefined : listOf(rule.weights, 'weights');
  const shares = variations.map((value, i) => {
    const weight = weights === undefined ? 1 / variations.length : weights[i];
    if (typeof weight !== 'number' || weight < 0)
      throw new NotConvertible('a weight of an experiment is no share');
    return { weight: weight * coverage * 100, value };
  });
  return { when, then: split(shares) };
}

/** Sums of decimals end in digits that were never written. */
function tidy({ weight, value }: Share): Share {
  return { weight: Math.round(weight * 10_000) / 10_000, value };
}

/** GrowthBook's users have their key in `id`. */
function attributeOf(name: string): string {
  return name === 'id' ? USER_KEY : propertyOf(name);
}

function conditionOf(condition: JsonObject, groups: JsonObject, depth = 0): Condition {
  if (depth > 50) throw new NotConvertible('its conditions are nested too deep');
  const inner = (each: unknown): Condition => conditionOf(objectOf(each, 'a condition'), groups, depth + 1);
  return all(
    Object.entries(condition).map(([name, value]) => {
      switch (name) {
        case '$and':
          return all(listOf(value, '$and').map(inner));
        case '$or':
          return any(listOf(value, '$or').map(inner));
        case '$nor':
          return not(any(listOf(value, '$nor').map(inner)));
        case '$not':
          return not(inner(value));
        default:
          return attributeCondition(attributeOf(name), value, groups, depth);
      }
    }),
  );
}

function attributeCondition(property: string, value: unknown, groups: JsonObject, depth: number): Condition {
  if (!isObject(value)) return testTexts(property, 'PROP_IS_ONE_OF', [value]);
  const operators = Object.entries(value);
  if (!operators.every(([name]) => name.startsWith('$'))) {
    throw new NotConvertible(`${property} is compared with an object`);
  }
  return all(operators.map(([name, operand]) => operation(property, name, operand, groups, depth)));
}

const SIZES: Readonly<Record<string, string>> = {
  $lt: 'PROP_LESS_THAN',
  $lte: 'PROP_LESS_THAN_OR_EQUAL',
  $gt: 'PROP_GREATER_THAN',
  $gte: 'PROP_GREATER_THAN_OR_EQUAL',
};
const VERSIONS: Readonly<Record<string, string>> = {
  $veq: '=',
  $vne: '!=',
  $vlt: '<',
  $vlte: '<=',
  $vgt: '>',
  $vgte: '>=',
};

function operation(
  property: string,
  name: string,
  operand: unknown,
  groups: JsonObject,
  depth: number,
): Condition {
  const size = SIZES[name];
  if (size !== undefined) return testNumber(property, size, operand);
  const version = VERSIONS[name];
  if (version !== undefined) return versionCondition(property, version, operand);
  switch (name) {
    case '$eq':
      return testTexts(property, 'PROP_IS_ONE_OF', [operand]);
    case '$ne':
      return testTexts(property, 'PROP_IS_NOT_ONE_OF', [operand]);
    case '$in':
      return testTexts(property, 'PROP_IS_ONE_OF', listOf(operand, '$in'));
    case '$nin':
      return testTexts(property, 'PROP_IS_NOT_ONE_OF', listOf(operand, '$nin'));
    case '$inGroup':
    case '$notInGroup': {
      const operator = name === '$inGroup' ? 'PROP_IS_ONE_OF' : 'PROP_IS_NOT_ONE_OF';
      const group = textOf(operand, 'a group');
      if (!(group in groups)) throw new NotConvertible(`the saved group ${group} is not in the file`);
      return testTexts(property, operator, listOf(groups[group], 'a saved group'));
    }
    case '$regex':
      return test(property, 'PROP_MATCHES', { string: textOf(operand, 'an expression') });
    case '$not':
      return not(attributeCondition(property, operand, groups, depth + 1));
    default:
      throw new NotConvertible(`the operator ${name} has no form`);
  }
}
