/**
 * Disagreements of the public SDKs, and Holdfast's choice: one test for each row of
 * docs/evaluation.md.
 */
import { describe, expect, it } from 'vitest';
import type { Contexts } from '../../src/evaluate/contexts.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Config, ConfigRow, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import {
  constant,
  contextsOf,
  ENVIRONMENT,
  evaluate,
  holds,
  NOW,
  outcome,
  rule,
  rulesetOf,
} from './rulesets.js';

const list = (...values: string[]): ConfigValue => ({ stringList: { values } });
const is = (propertyName: string, ...values: string[]): Criterion => ({
  propertyName,
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: list(...values),
});
const evaluateOne = (config: Config, contexts: Contexts = new Map()) => outcome(evaluate([config], contexts));

describe('rows', () => {
  const text = (string: string) => ({ value: { string } });
  const withRows = (...rows: ConfigRow[]): Config => ({
    key: 'a',
    configType: 'CONFIG',
    valueType: 'STRING',
    rows,
  });
  const own = `${ENVIRONMENT}`;

  it('skips rows of other environments', () => {
    const foreign = { projectEnvId: '8', values: [text('foreign')] };
    const zero = { projectEnvId: '0', values: [text('zero')] };
    expect(evaluateOne(withRows(foreign, zero))).toBe('unmatched');
    expect(evaluateOne(withRows(foreign, { values: [text('default')] }))).toBe('default');
  });

  it('evaluates all rows of one environment in order', () => {
    const never = { criteria: [is('user.x', 'a')], ...text('first') };
    const rows = withRows(
      { projectEnvId: own, values: [never] },
      { projectEnvId: own, values: [text('second')] },
    );
    expect(evaluateOne(rows)).toBe('second');
  });

  it('treats a config without rows, or of type DELETED, as missing', () => {
    expect(evaluateOne(withRows())).toBe('missing');
    expect(evaluateOne({ ...withRows({ values: [text('a')] }), configType: 'DELETED' })).toBe('missing');
  });
});

describe('a property', () => {
  it('a property takes everything after the first dot as the property name', () => {
    const config = rule('a', is('a.b.c', 'x'));
    expect(evaluateOne(config, contextsOf({ a: { 'b.c': 'x' } }))).toBe(true);
    expect(evaluateOne(config, contextsOf({ a: { b: 'x' } }))).toBe(false);
  });

  it('a property looks a property up by its exact case', () => {
    expect(evaluateOne(rule('a', is('User.X', 'a')), contextsOf({ user: { x: 'a' } }))).toBe(false);
  });

  it('a property reads prefab.current-time from the clock, not from the context', () => {
    const config = rule('a', is('prefab.current-time', `${NOW.now}`));
    expect(evaluateOne(config, contextsOf({ prefab: { 'current-time': 1 } }))).toBe(true);
  });

  it('a property reads reforge.current-time as an ordinary property', () => {
    const config = rule('a', is('reforge.current-time', '1'));
    expect(evaluateOne(config, contextsOf({ reforge: { 'current-time': 1 } }))).toBe(true);
  });

  it("a property replaces a whole type of the default context by the caller's", () => {
    const values = { x: { string: 'default' }, y: { string: 'default' } };
    const ruleset = rulesetOf([rule('a', is('user.y', 'default'))], { contexts: [{ type: 'user', values }] });
    const ask = (contexts: Contexts) => outcome(new Evaluator(ruleset).evaluate('a', contexts, NOW));
    expect(ask(contextsOf({ team: { x: 'a' } }))).toBe(true);
    expect(ask(contextsOf({ user: { x: 'a' } }))).toBe(false);
    expect(ask(contextsOf({ user: {} }))).toBe(false);
  });
});

describe('lists of texts', () => {
  it('lists of texts does not find an absent property in a list that has the empty text', () => {
    expect(holds('PROP_IS_ONE_OF', list(''), undefined)).toBe(false);
    expect(holds('PROP_IS_ONE_OF', list(''), '')).toBe(true);
  });

  it('compares booleans with lists as lower-case true and false', () => {
    expect(holds('PROP_IS_ONE_OF', list('true'), true)).toBe(true);
    expect(holds('PROP_IS_ONE_OF', list('True'), true)).toBe(false);
  });

  it('compares whole numbers with lists without a fraction', () => {
    expect(holds('PROP_IS_ONE_OF', list('3'), 3.0)).toBe(true);
    expect(holds('PROP_IS_ONE_OF', list('3.0'), 3.0)).toBe(false);
  });

  it('takes a single text in place of a list as an empty list', () => {
    expect(holds('PROP_IS_ONE_OF', { string: 'a' }, 'a')).toBe(false);
    expect(holds('PROP_IS_NOT_ONE_OF', { string: 'a' }, 'a')).toBe(true);
  });

  it('finds no prefix, suffix or part in an absent property, so the negation holds', () => {
    expect(holds('PROP_DOES_NOT_START_WITH_ONE_OF', list('a'), undefined)).toBe(true);
    expect(holds('PROP_DOES_NOT_END_WITH_ONE_OF', list('a'), undefined)).toBe(true);
    expect(holds('PROP_DOES_NOT_CONTAIN_ONE_OF', list('a'), undefined)).toBe(true);
  });

  it('looks for prefixes, suffixes and parts in the text of numbers and booleans', () => {
    expect(holds('PROP_STARTS_WITH_ONE_OF', list('12'), 123)).toBe(true);
    expect(holds('PROP_ENDS_WITH_ONE_OF', list('ue'), true)).toBe(true);
    expect(holds('PROP_CONTAINS_ONE_OF', list('.'), 1.5)).toBe(true);
  });

  it('finds no prefix, suffix or part in a list', () => {
    expect(holds('PROP_STARTS_WITH_ONE_OF', list('a', '['), ['a', 'b'])).toBe(false);
    expect(holds('PROP_CONTAINS_ONE_OF', list('a'), ['a'])).toBe(false);
    expect(holds('PROP_DOES_NOT_CONTAIN_ONE_OF', list('a'), ['a'])).toBe(true);
  });

  it('finds an empty prefix, suffix or part in every text', () => {
    for (const operator of ['PROP_STARTS_WITH_ONE_OF', 'PROP_ENDS_WITH_ONE_OF', 'PROP_CONTAINS_ONE_OF']) {
      expect(holds(operator, list(''), '')).toBe(true);
      expect(holds(operator, list(''), undefined)).toBe(false);
    }
  });
});

describe('a regular expression', () => {
  it('a regular expression searches for a regular expression anywhere in the text', () => {
    expect(holds('PROP_MATCHES', { string: 'b' }, 'abc')).toBe(true);
    expect(holds('PROP_MATCHES', { string: '^b$' }, 'a\nb\nc')).toBe(false);
  });

  it('a regular expression reads regular expressions in the dialect of RE2', () => {
    expect(holds('PROP_MATCHES', { string: '^.$' }, '😀')).toBe(true);
    expect(holds('PROP_MATCHES', { string: '^a$' }, 'a\n')).toBe(false);
    expect(holds('PROP_MATCHES', { string: '(?i)^[[:alpha:]]+$' }, 'Ab')).toBe(true);
    expect(holds('PROP_MATCHES', { string: '\\s' }, '\u00a0')).toBe(false);
  });

  it('a regular expression matches nothing with an expression that RE2 does not support', () => {
    for (const string of ['(?=a)', '(a)\\1', '(?!b)']) {
      expect(holds('PROP_MATCHES', { string }, 'aa')).toBe(false);
      expect(holds('PROP_DOES_NOT_MATCH', { string }, 'aa')).toBe(false);
    }
  });

  it('a regular expression matches nothing, neither way, in a text beyond the limit of an expression', () => {
    const text = 'a'.repeat(1_000_000);
    expect(holds('PROP_MATCHES', { string: 'a' }, text)).toBe(false);
    expect(holds('PROP_DOES_NOT_MATCH', { string: 'b' }, text)).toBe(false);
  });

  it('a regular expression matches regular expressions, and their negation, with texts only', () => {
    for (const value of [5, true, ['5'], undefined]) {
      expect(holds('PROP_MATCHES', { string: '.*' }, value)).toBe(false);
      expect(holds('PROP_DOES_NOT_MATCH', { string: 'x' }, value)).toBe(false);
    }
  });
});

describe('numbers', () => {
  it('a numeric operator does not compare booleans as numbers', () => {
    expect(holds('PROP_LESS_THAN', { int: '2' }, true)).toBe(false);
    expect(holds('PROP_GREATER_THAN', { int: '-1' }, false)).toBe(false);
  });

  it('compares integers from 2^31 to 2^32 by their value', () => {
    expect(holds('PROP_LESS_THAN', { int: '3000000000' }, 5)).toBe(true);
    expect(evaluateOne(constant('INT', { int: '3000000000' }))).toBe(3_000_000_000);
  });

  it('compares integers beyond 2^53 exactly', () => {
    expect(holds('PROP_LESS_THAN', { int: '9007199254740993' }, 9007199254740992)).toBe(true);
    expect(holds('PROP_GREATER_THAN_OR_EQUAL', { int: '9007199254740993' }, 9007199254740992n)).toBe(false);
    expect(evaluateOne(constant('INT', { int: '9007199254740993' }))).toBe(9007199254740993n);
  });

  it('compares NaN with every number as false', () => {
    const operators = ['LESS_THAN', 'LESS_THAN_OR_EQUAL', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL'];
    for (const operator of operators) {
      expect(holds(`PROP_${operator}`, { double: 'NaN' }, 1)).toBe(false);
      expect(holds(`PROP_${operator}`, { int: '1' }, NaN)).toBe(false);
    }
  });

  it('excludes the end of an integer range', () => {
    expect(holds('IN_INT_RANGE', { intRange: { start: '3', end: '5' } }, 5)).toBe(false);
    expect(holds('IN_INT_RANGE', { intRange: { start: '3', end: '5' } }, 4.9)).toBe(true);
  });

  it('a numeric operator does not limit an integer range without a start or an end', () => {
    expect(holds('IN_INT_RANGE', { intRange: { end: '5' } }, -5)).toBe(true);
    expect(holds('IN_INT_RANGE', { intRange: { start: '3' } }, 1e12)).toBe(true);
    expect(holds('IN_INT_RANGE', { intRange: {} }, 0)).toBe(true);
  });

  it('finds numbers, not texts, in an integer range', () => {
    expect(holds('IN_INT_RANGE', { intRange: { start: '3', end: '5' } }, '4')).toBe(false);
  });
});

describe('dates', () => {
  it('reads dates as text in the form of RFC 3339 with a zone', () => {
    const isDate = (text: string) => holds('PROP_AFTER', { int: '0' }, text);
    expect(isDate('2023-11-14T22:13:20.123456+01:00')).toBe(true);
    expect(isDate('2023-11-14')).toBe(false);
    expect(isDate('2023-11-14T22:13:20')).toBe(false);
    expect(isDate('Tue, 14 Nov 2023 22:13:20 GMT')).toBe(false);
  });

  it('reads dates as integers or doubles, in the rule and in the context', () => {
    expect(holds('PROP_BEFORE', { double: 1.7e12 }, 1.6e12)).toBe(true);
    expect(holds('PROP_BEFORE', { int: '1700000000000' }, 1_699_999_999_998.5)).toBe(true);
  });

  it('compares dates by whole milliseconds', () => {
    expect(holds('PROP_BEFORE', { int: '2' }, 1.9)).toBe(true);
    expect(holds('PROP_AFTER', { int: '1' }, 1.9)).toBe(false);
    expect(holds('PROP_AFTER', { string: '2023-11-14T22:13:20.0004Z' }, '2023-11-14T22:13:20.0009Z')).toBe(
      false,
    );
  });
});

describe('versions', () => {
  it('reads versions from texts only', () => {
    for (const value of [1, ['1.2.3'], true]) {
      expect(holds('PROP_SEMVER_LESS_THAN', { string: '9.0.0' }, value)).toBe(false);
    }
  });
});

describe('operators that are old or unknown', () => {
  it('compares the prefix of the property for HIERARCHICAL_MATCH', () => {
    expect(holds('HIERARCHICAL_MATCH', { string: 'a.b' }, 'a.b.c')).toBe(true);
    expect(holds('HIERARCHICAL_MATCH', { string: 'a.b.c' }, 'a.b')).toBe(false);
    expect(holds('HIERARCHICAL_MATCH', { string: 'a' }, undefined)).toBe(false);
  });

  it('operators that are old or unknown never matches LOOKUP_KEY_IN and LOOKUP_KEY_NOT_IN', () => {
    expect(holds('LOOKUP_KEY_IN', list('a'), 'a')).toBe(false);
    expect(holds('LOOKUP_KEY_NOT_IN', list('b'), 'a')).toBe(false);
  });

  it('always matches ALWAYS_TRUE', () => {
    expect(holds('ALWAYS_TRUE', undefined, undefined)).toBe(true);
  });

  it('operators that are old or unknown never matches a missing operator', () => {
    expect(holds('NOT_SET', list('a'), 'a')).toBe(false);
  });
});

describe('values', () => {
  it("reports a value of another kind than the config's value type as unreadable", () => {
    expect(evaluateOne(constant('INT', { string: '5' }))).toBe('unreadable');
  });

  it('reads a value of a config without a value type by its kind', () => {
    expect(evaluateOne(constant(undefined, { string: '5' }))).toBe('5');
  });

  it.each(['P1W', 'P1M', 'P1Y', '-PT1S', 'PT', '', 'tomorrow'])(
    'reports a duration that SDKs read differently as unreadable: %j',
    (definition) => {
      expect(evaluateOne(constant('DURATION', { duration: { definition } }))).toBe('unreadable');
    },
  );

  it('reports invalid JSON text as unreadable', () => {
    expect(evaluateOne(constant('JSON', { json: { json: '{a: 1}' } }))).toBe('unreadable');
  });

  it('reports bytes and ranges as unreadable', () => {
    expect(evaluateOne(constant('BYTES', { bytes: 'AAAA' }))).toBe('unreadable');
    expect(evaluateOne(constant('INT_RANGE', { intRange: {} }))).toBe('unreadable');
  });

  it("withholds values that only an SDK's machine has", () => {
    const provided = { provided: { source: 'ENV_VAR', lookup: 'A' } };
    expect(evaluateOne(constant('STRING', provided))).toBe('withheld');
    expect(evaluateOne(constant('STRING', { string: '00--00--00', decryptWith: 'secret' }))).toBe('withheld');
  });
});
