import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { portableConfig } from '../../src/ruleset/portable.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { NOW, outcome, rule, rulesetOf, userWith } from '../evaluate/rulesets.js';

function portable(operator: string, valueToMatch: ConfigValue): ConfigValue | undefined {
  const criterion: Criterion = { propertyName: 'user.x', operator, valueToMatch };
  return portableConfig(rule('a', criterion)).rows?.[0]?.values?.[0]?.criteria?.[0]?.valueToMatch;
}

describe('constants of a config', () => {
  it.each<[string, ConfigValue, ConfigValue]>([
    ['PROP_BEFORE', { string: '2023-11-14T22:13:20Z' }, { int: '1700000000000' }],
    ['PROP_AFTER', { string: '2023-11-14T23:13:20.0019+01:00' }, { int: '1700000000001' }],
    ['PROP_AFTER', { double: 1_700_000_000_000.9 }, { int: '1700000000000' }],
    ['PROP_BEFORE', { int: '1700000000000' }, { int: '1700000000000' }],
    ['PROP_BEFORE', { string: 'tomorrow' }, { string: 'tomorrow' }],
    ['PROP_BEFORE', { double: 'NaN' }, { double: 'NaN' }],
    ['PROP_LESS_THAN', { int: '2147483648' }, { double: 2_147_483_648 }],
    ['PROP_GREATER_THAN_OR_EQUAL', { int: '4294967295' }, { double: 4_294_967_295 }],
    ['PROP_LESS_THAN', { int: '2147483647' }, { int: '2147483647' }],
    ['PROP_LESS_THAN', { int: '4294967296' }, { int: '4294967296' }],
    ['PROP_LESS_THAN', { int: '-2147483649' }, { int: '-2147483649' }],
    ['PROP_MATCHES', { string: '2023-11-14T22:13:20Z' }, { string: '2023-11-14T22:13:20Z' }],
  ])('constants of a config of %s are rewritten from %j to %j', (operator, given, expected) => {
    expect(portable(operator, given)).toEqual(expected);
  });

  it('constants of a config are rewritten when a change is read', () => {
    const criterion = {
      propertyName: 'user.x',
      operator: 'PROP_BEFORE',
      valueToMatch: { string: '2023-11-14T22:13:20Z' },
    };
    const [submitted] = readSubmittedJson({ configs: [rule('a', criterion)] });
    expect(submitted?.config.rows?.[0]?.values?.[0]?.criteria).toEqual([
      { ...criterion, valueToMatch: { int: '1700000000000' } },
    ]);
  });

  it('constants of a config hold for the same contexts after they are rewritten', () => {
    const operator = fc.constantFrom(
      'PROP_BEFORE',
      'PROP_AFTER',
      'PROP_LESS_THAN',
      'PROP_LESS_THAN_OR_EQUAL',
      'PROP_GREATER_THAN',
      'PROP_GREATER_THAN_OR_EQUAL',
    );
    const number = fc.constantFrom(
      0,
      0.5,
      1,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      1.7e12,
      1.7e12 + 0.5,
    );
    const date = number.map((at) => new Date(at).toISOString());
    const match = fc.oneof(
      number.map((value): ConfigValue => ({ double: value })),
      number.map((value): ConfigValue => ({ int: `${Math.trunc(value)}` })),
      date.map((string): ConfigValue => ({ string })),
    );
    fc.assert(
      fc.property(operator, match, fc.oneof(number, date), (operator, valueToMatch, value) => {
        const config = rule('a', { propertyName: 'user.x', operator, valueToMatch });
        const [before, after] = [config, portableConfig(config)].map((each) =>
          outcome(new Evaluator(rulesetOf([each])).evaluate('a', userWith(value), NOW)),
        );
        expect(after).toBe(before);
      }),
      { numRuns: 2_000 },
    );
  });

  it('constants of a config leave a config as it is where none is rewritten', () => {
    const config = rule('a', { propertyName: 'user.x', operator: 'PROP_BEFORE', valueToMatch: { int: '5' } });
    expect(portableConfig(config)).toBe(config);
  });
});
