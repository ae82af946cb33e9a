/**
 * Conditions of other products as trees of our criteria, and the rules that say the same: a rule of
 * a config has criteria that must all hold, so "or" becomes several rules. Pure.
 */
import type { ConfigValue, Criterion } from '../ruleset/model.js';

/** A condition on contexts. */
export type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'test'; readonly criterion: Criterion }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

/** The reason why something has no form in a ruleset. */
export class NotConvertible extends Error {
  override readonly name = 'NotConvertible';
}

/** One rule per alternative, at most; more would be no ruleset that a person reads. */
const ALTERNATIVES_MAX = 200;

/** A condition that holds for every context. */
export const ALWAYS_HOLDS: Condition = { kind: 'always' };
/** A condition that holds for none. */
export const NEVER_HOLDS: Condition = { kind: 'never' };

/** A condition of one criterion. */
export function test(propertyName: string, operator: string, valueToMatch: ConfigValue): Condition {
  return { kind: 'test', criterion: { propertyName, operator, valueToMatch } };
}

/**
 * A condition with a list of texts.
 *
 * @throws NotConvertible for an empty text, which the criterion cannot have
 */
export function testTexts(property: string, operator: string, values: readonly unknown[]): Condition {
  if (values.length === 0) return operator.includes('_NOT_') ? ALWAYS_HOLDS : NEVER_HOLDS;
  const texts = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return `${value}`;
    throw new NotConvertible(
      `${property} is compared with ${JSON.stringify(value)}, which is no text, number or boolean`,
    );
  });
  if (texts.includes('')) throw new NotConvertible(`${property} is compared with an empty text`);
  return test(property, operator, { stringList: { values: texts } });
}

/**
 * A comparison with a number.
 *
 * @throws NotConvertible for anything else
 */
export function testNumber(property: string, operator: string, value: unknown): Condition {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new NotConvertible(
      `${property} is compared in size with ${JSON.stringify(value)}, which is no number`,
    );
  }
  const isInt = Number.isSafeInteger(number);
  return test(property, operator, isInt ? { int: `${number}` } : { double: number });
}

/** True when all hold. */
export function all(of: readonly Condition[]): Condition {
  if (of.some(({ kind }) => kind === 'never')) return NEVER_HOLDS;
  const rest = of.filter(({ kind }) => kind !== 'always');
  return rest.length === 0
    ? ALWAYS_HOLDS
    : rest.length === 1
      ? (rest[0] ?? ALWAYS_HOLDS)
      : { kind: 'all', of: rest };
}

/** True when one holds. */
export function any(of: readonly Condition[]): Condition {
  if (of.some(({ kind }) => kind === 'always')) return ALWAYS_HOLDS;
  const rest = of.filter(({ kind }) => kind !== 'never');
  return rest.length === 0
    ? NEVER_HOLDS
    : rest.length === 1
      ? (rest[0] ?? NEVER_HOLDS)
      : { kind: 'any', of: rest };
}

const OPPOSITES: readonly (readonly [string, string])[] = [
  ['IN_SEG', 'NOT_IN_SEG'],
  ['PROP_IS_ONE_OF', 'PROP_IS_NOT_ONE_OF'],
  ['PROP_STARTS_WITH_ONE_OF', 'PROP_DOES_NOT_START_WITH_ONE_OF'],
  ['PROP_ENDS_WITH_ONE_OF', 'PROP_DOES_NOT_END_WITH_ONE_OF'],
  ['PROP_CONTAINS_ONE_OF', 'PROP_DOES_NOT_CONTAIN_ONE_OF'],
  ['PROP_MATCHES', 'PROP_DOES_NOT_MATCH'],
];

/**
 * The opposite of a condition.
 *
 * @throws NotConvertible for comparisons of size, dates and versions: their opposites hold for an
 *   absent property too, and no criterion says that
 */
export function not(condition: Condition): Condition {
  switch (condition.kind) {
    case 'always':
      return NEVER_HOLDS;
    case 'never':
      return ALWAYS_HOLDS;
    case 'all':
      return any(condition.of.map(not));
    case 'any':
      return all(condition.of.map(not));
    case 'test': {
      const { criterion } = condition;
      const pair = OPPOSITES.find((each) => each.includes(criterion.operator ?? ''));
      const operator = pair?.find((each) => each !== criterion.operator);
      if (operator === undefined) {
        throw new NotConvertible(
          `the opposite of ${criterion.operator ?? 'a comparison'} on ${criterion.propertyName ?? ''} has no form`,
        );
      }
      return { kind: 'test', criterion: { ...criterion, operator } };
    }
  }
}

/**
 * The alternatives of a condition, each a list of criteria that must all hold; none when it never
 * holds.
 *
 * @throws NotConvertible when there are too many
 */
export function alternatives(condition: Condition): Criterion[][] {
  switch (condition.kind) {
    case 'always':
      return [[]];
    case 'never':
      return [];
    case 'test':
      return [[condition.criterion]];
    case 'any':
      return limited(condition.of.flatMap(alternatives));
    case 'all':
      return condition.of.reduce<Criterion[][]>(
        (done, each) =>
          limited(done.flatMap((left) => alternatives(each).map((right) => [...left, ...right]))),
        [[]],
      );
  }
}

function limited(rules: Criterion[][]): Criterion[][] {
  if (rules.length <= ALTERNATIVES_MAX) return rules;
  throw new NotConvertible(`its conditions would become more than ${ALTERNATIVES_MAX} rules`);
}
