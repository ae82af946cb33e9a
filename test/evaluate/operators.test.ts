/** Operators where the public SDKs agree. Where they do not: disagreements.test.ts. */
import { describe, expect, it } from 'vitest';
import type { ContextValue } from '../../src/evaluate/contexts.js';
import type { ConfigValue } from '../../src/ruleset/model.js';
import { contextsOf, evaluate, holds, NOW, outcome, rule, userWith } from './rulesets.js';

const list = (...values: string[]): ConfigValue => ({ stringList: { values } });
const OPPOSITES: Readonly<Record<string, string>> = {
  PROP_IS_ONE_OF: 'PROP_IS_NOT_ONE_OF',
  PROP_STARTS_WITH_ONE_OF: 'PROP_DOES_NOT_START_WITH_ONE_OF',
  PROP_ENDS_WITH_ONE_OF: 'PROP_DOES_NOT_END_WITH_ONE_OF',
  PROP_CONTAINS_ONE_OF: 'PROP_DOES_NOT_CONTAIN_ONE_OF',
};

describe('an operator with lists', () => {
  it.each<[string, ConfigValue | undefined, ContextValue | undefined, boolean]>([
    ['PROP_IS_ONE_OF', list('a', 'b'), 'b', true],
    ['PROP_IS_ONE_OF', list('a', 'b'), 'B', false],
    ['PROP_IS_ONE_OF', list('a', 'b'), 'ab', false],
    ['PROP_IS_ONE_OF', list('12'), 12, true],
    ['PROP_IS_ONE_OF', list('1.5'), 1.5, true],
    ['PROP_IS_ONE_OF', list('9007199254740993'), 9007199254740993n, true],
    ['PROP_IS_ONE_OF', list('b'), ['a', 'b'], true],
    ['PROP_IS_ONE_OF', list('c', 'd'), ['a', 'b'], false],
    ['PROP_IS_ONE_OF', list('a'), [], false],
    ['PROP_IS_ONE_OF', list('a'), undefined, false],
    ['PROP_IS_ONE_OF', list(), 'a', false],
    ['PROP_IS_ONE_OF', undefined, 'a', false],
    ['PROP_STARTS_WITH_ONE_OF', list('x', 'ab'), 'abc', true],
    ['PROP_STARTS_WITH_ONE_OF', list('bc'), 'abc', false],
    ['PROP_STARTS_WITH_ONE_OF', list('abcd'), 'abc', false],
    ['PROP_STARTS_WITH_ONE_OF', list('a'), undefined, false],
    ['PROP_ENDS_WITH_ONE_OF', list('x', 'bc'), 'abc', true],
    ['PROP_ENDS_WITH_ONE_OF', list('ab'), 'abc', false],
    ['PROP_ENDS_WITH_ONE_OF', list(), 'abc', false],
    ['PROP_CONTAINS_ONE_OF', list('x', 'b'), 'abc', true],
    ['PROP_CONTAINS_ONE_OF', list('ac'), 'abc', false],
    ['PROP_CONTAINS_ONE_OF', list('a'), undefined, false],
  ])(
    'an operator with lists evaluates %s %o of %o to %s, and its negation to the opposite',
    (operator, match, value, expected) => {
      expect(holds(operator, match, value)).toBe(expected);
      expect(holds(OPPOSITES[operator]!, match, value)).toBe(!expected);
    },
  );
});

describe('an operator without a negation', () => {
  const date = (string: string): ConfigValue => ({ string });
  const range = (start?: string, end?: string): ConfigValue => ({
    intRange: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
  });

  it.each<[string, ConfigValue | undefined, ContextValue | undefined, boolean]>([
    ['PROP_LESS_THAN', { int: '5' }, 4, true],
    ['PROP_LESS_THAN', { int: '5' }, 5, false],
    ['PROP_LESS_THAN', { double: 5.5 }, 5, true],
    ['PROP_LESS_THAN', { int: '5' }, '4', false],
    ['PROP_LESS_THAN', { int: '5' }, undefined, false],
    ['PROP_LESS_THAN', { string: '5' }, 4, false],
    ['PROP_LESS_THAN', undefined, 4, false],
    ['PROP_LESS_THAN_OR_EQUAL', { int: '5' }, 5, true],
    ['PROP_LESS_THAN_OR_EQUAL', { int: '5' }, 5.1, false],
    ['PROP_GREATER_THAN', { double: '-Infinity' }, 5, true],
    ['PROP_GREATER_THAN', { int: '5' }, 5, false],
    ['PROP_GREATER_THAN', { int: '-5' }, -4.5, true],
    ['PROP_GREATER_THAN_OR_EQUAL', { int: '5' }, 5, true],
    ['PROP_GREATER_THAN_OR_EQUAL', { int: '5' }, 4, false],
    ['IN_INT_RANGE', range('3', '5'), 3, true],
    ['IN_INT_RANGE', range('3', '5'), 4, true],
    ['IN_INT_RANGE', range('3', '5'), 2, false],
    ['IN_INT_RANGE', range('3', '5'), 6, false],
    ['IN_INT_RANGE', range('3', '5'), undefined, false],
    ['IN_INT_RANGE', { int: '3' }, 3, false],
    ['PROP_BEFORE', { int: '1700000000000' }, 1_699_999_999_999, true],
    ['PROP_BEFORE', { int: '1700000000000' }, 1_700_000_000_000, false],
    ['PROP_BEFORE', date('2023-11-14T22:13:20Z'), '2023-11-14T22:13:19Z', true],
    ['PROP_BEFORE', date('2023-11-14T22:13:20Z'), '2023-11-14T23:13:19+01:00', true],
    ['PROP_BEFORE', date('2023-11-14T22:13:20Z'), '2023-11-14T22:13:20.001Z', false],
    ['PROP_BEFORE', date('2023-11-14T22:13:20Z'), undefined, false],
    ['PROP_BEFORE', date('soon'), 1, false],
    ['PROP_BEFORE', { int: '5' }, true, false],
    ['PROP_AFTER', { int: '1700000000000' }, '2023-11-14T22:13:20.001Z', true],
    ['PROP_AFTER', { int: '1700000000000' }, '2023-11-14T22:13:20Z', false],
    ['PROP_AFTER', { int: '5' }, 'later', false],
    ['PROP_MATCHES', { string: '^a+$' }, 'aaa', true],
    ['PROP_MATCHES', { string: '^a+$' }, 'aab', false],
    ['PROP_MATCHES', { string: '^a+$' }, undefined, false],
    ['PROP_DOES_NOT_MATCH', { string: '^a+$' }, 'aab', true],
    ['PROP_DOES_NOT_MATCH', { string: '^a+$' }, 'aaa', false],
    ['PROP_DOES_NOT_MATCH', { string: '^a+$' }, undefined, false],
    ['PROP_MATCHES', { string: '(' }, 'a', false],
    ['PROP_DOES_NOT_MATCH', { string: '(' }, 'a', false],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3' }, '1.2.3', true],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3' }, '1.2.3+build.7', true],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3' }, '1.2.3-rc', false],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3' }, 'v1.2.3', false],
    ['PROP_SEMVER_EQUAL', { string: '1.2' }, '1.2', false],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3' }, undefined, false],
    ['PROP_SEMVER_LESS_THAN', { string: '2.0.0' }, '1.99.99', true],
    ['PROP_SEMVER_LESS_THAN', { string: '2.0.0' }, '2.0.0', false],
    ['PROP_SEMVER_LESS_THAN', { string: '2.0.0' }, '2.0', false],
    ['PROP_SEMVER_GREATER_THAN', { string: '1.9.0' }, '1.10.0', true],
    ['PROP_SEMVER_GREATER_THAN', { string: '1.9.0' }, '1.9.0', false],
  ])('an operator without a negation evaluates %s %o of %o to %s', (operator, match, value, expected) => {
    expect(holds(operator, match, value)).toBe(expected);
  });
});

it('orders semantic versions as semver.org does', () => {
  const ascending = [
    '0.0.9',
    '0.1.0',
    '1.0.0-0',
    '1.0.0-9',
    '1.0.0-10',
    '1.0.0-99999999999999999999',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '2.0.0-a',
    '10.0.0',
    '99999999999999999999.0.0',
    '100000000000000000000.0.0',
  ];
  ascending.forEach((low, index) =>
    ascending.forEach((high, other) => {
      const match = { string: high };
      expect(`${low} ${high} ${holds('PROP_SEMVER_LESS_THAN', match, low)}`).toBe(
        `${low} ${high} ${index < other}`,
      );
      expect(holds('PROP_SEMVER_EQUAL', match, low)).toBe(index === other);
      expect(holds('PROP_SEMVER_GREATER_THAN', match, low)).toBe(index > other);
    }),
  );
});

it.each([
  '2023-11-14',
  '2023-11-14T22:13:20',
  '2023-11-14 22:13:20Z',
  '2023-11-14t22:13:20z',
  '2023-02-30T00:00:00Z',
  '2023-13-01T00:00:00Z',
  '2023-11-14T24:00:00Z',
  '2023-11-14T22:60:00Z',
  '2023-11-14T22:13:60Z',
  '2023-11-14T22:13:20+24:00',
  '2023-11-14T22:13:20+0100',
  '2023-11-14T22:13:20.Z',
  ' 2023-11-14T22:13:20Z',
  'Tue, 14 Nov 2023 22:13:20 GMT',
  '1700000000000',
])('compares %j, which is no date, with no other date', (text) => {
  expect(holds('PROP_BEFORE', { string: '9999-01-01T00:00:00Z' }, text)).toBe(false);
  expect(holds('PROP_AFTER', { string: '0001-01-01T00:00:00Z' }, text)).toBe(false);
});

it('reads February 29 as a date in leap years only', () => {
  const isDate = (text: string) => holds('PROP_AFTER', { int: '0' }, text);
  expect(['2000', '2023', '2024', '2100'].map((year) => isDate(`${year}-02-29T00:00:00Z`))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

describe('criteria', () => {
  const is = (propertyName: string, ...values: string[]) => ({
    propertyName,
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: list(...values),
  });

  it('requires all criteria of a value to hold', () => {
    const config = rule('a', is('user.x', 'a'), is('user.y', 'b'));
    expect(outcome(evaluate([config], contextsOf({ user: { x: 'a', y: 'b' } })))).toBe(true);
    expect(outcome(evaluate([config], contextsOf({ user: { x: 'a', y: 'c' } })))).toBe(false);
    expect(outcome(evaluate([config], contextsOf({ user: { x: 'c', y: 'b' } })))).toBe(false);
  });

  it('finds a property in the context of its type only', () => {
    const config = rule('a', is('user.x', 'a'));
    expect(outcome(evaluate([config], contextsOf({ team: { x: 'a' }, user: {} })))).toBe(false);
  });

  it('looks a property without a dot up in the context with the empty type', () => {
    const config = rule('a', is('x', 'a'));
    expect(outcome(evaluate([config], contextsOf({ '': { x: 'a' } })))).toBe(true);
    expect(outcome(evaluate([config], contextsOf({ x: { x: 'a' } })))).toBe(false);
  });

  it('provides the time as prefab.current-time', () => {
    const config = rule('a', {
      propertyName: 'prefab.current-time',
      operator: 'PROP_AFTER',
      valueToMatch: date(NOW.now),
    });
    expect(outcome(evaluate([config], userWith(undefined), NOW))).toBe(false);
    expect(outcome(evaluate([config], userWith(undefined), { ...NOW, now: NOW.now + 0.9 }))).toBe(false);
    expect(outcome(evaluate([config], userWith(undefined), { ...NOW, now: NOW.now + 1 }))).toBe(true);
  });
});

function date(milliseconds: number): ConfigValue {
  return { string: new Date(milliseconds).toISOString() };
}
