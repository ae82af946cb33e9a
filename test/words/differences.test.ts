/** Configs and their differences as a person reads them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConditionalValue, Config, ConfigValue } from '../../src/ruleset/model.js';
import { describeConfig, summarizeConfig } from '../../src/words/configs.js';
import { differences, sameContent } from '../../src/words/differences.js';
import { describeValue } from '../../src/words/values.js';
import { nearestWord } from '../../src/core/spelling.js';
import { flag, liveConfig, tombstone } from '../ruleset/arbitrary.js';

const ENDS = 'PROP_ENDS_WITH_ONE_OF';
const isTrue: ConfigValue = { bool: true };
const isFalse: ConfigValue = { bool: false };

function rule(value: ConfigValue, ...emails: string[]): ConditionalValue {
  return {
    criteria: [
      { propertyName: 'user.email', operator: ENDS, valueToMatch: { stringList: { values: emails } } },
    ],
    value,
  };
}

function rollout(...weights: number[]): ConfigValue {
  const values = [isTrue, isFalse];
  const weightedValues = weights.map((weight, i) => ({ weight, value: values[i]! }));
  return { weightedValues: { weightedValues, hashByPropertyName: 'user.key' } };
}

function withRules(...values: ConditionalValue[]): Config {
  return { ...flag('checkout'), rows: [{ projectEnvId: '7', values }] };
}

function linesBetween(before: Config, after: Config): readonly string[] {
  return differences([before], [after]).flatMap(({ lines }) => lines);
}

describe('configs in words', () => {
  it('describes the rules in the order in which they are tried, up to the one that always applies', () => {
    const config: Config = {
      ...flag('checkout'),
      sendToClientSdk: true,
      rows: [
        {
          values: [{ value: rollout(25, 75) }, { value: isTrue }],
          properties: { description: { string: 'New one' } },
        },
        { projectEnvId: '7', values: [rule(isTrue, '@acme.com', '@example.org')] },
        { projectEnvId: '8', values: [{ value: isFalse }] },
      ],
    };
    expect(describeConfig(config, '7')).toEqual([
      'flag of type bool, sent to client-side SDKs',
      'New one',
      'when user.email ends with one of [@acme.com, @example.org] then true',
      'otherwise 25 % true, 75 % false by user.key',
    ]);
    expect(summarizeConfig(config, '7')).toBe('1 rule, else 25 % true, 75 % false by user.key');
  });

  it('shows the true percentages of weights that add up to something else than 100', () => {
    expect(describeValue(rollout(1, 2))).toBe('33.333 % true, 66.667 % false by user.key');
    expect(describeValue(rollout(250, 750))).toBe('25 % true, 75 % false by user.key');
    expect(describeValue(rollout(1, 2_000_000))).toBe('below 0.001 % true, 100 % false by user.key');
  });

  it('cuts long lists and values, and shows no confidential ones', () => {
    const many = Array.from({ length: 100 }, (_, i) => `user-${i}`);
    const [, line = ''] = describeConfig(withRules(rule(isTrue, ...many)), '7');
    expect(line).toContain('user-11, … 88 more] then true');
    expect(describeValue({ string: 'x'.repeat(100) })).toHaveLength(60);
    expect(describeValue({ string: 'x', confidential: true })).toBe('(confidential)');
  });
});

describe('differences in words', () => {
  it.each<[string, Config, Config, string[]]>([
    [
      'another default',
      flag('checkout'),
      flag('checkout', false),
      ['~ default in the default row: true → false'],
    ],
    [
      'an added rule',
      withRules({ value: isFalse }),
      withRules(rule(isTrue, '@acme.com'), { value: isFalse }),
      ['+ rule 1: when user.email ends with @acme.com then true'],
    ],
    [
      'a removed rule',
      withRules(rule(isTrue, '@acme.com'), { value: isFalse }),
      withRules({ value: isFalse }),
      ['- rule 1: when user.email ends with @acme.com then true'],
    ],
    [
      'another value of a rule',
      withRules(rule(isTrue, 'a'), { value: isFalse }),
      withRules(rule(rollout(25, 75), 'a'), { value: isFalse }),
      ['~ rule 1: when user.email ends with a then true → 25 % true, 75 % false by user.key'],
    ],
    [
      'another list of a condition',
      withRules(rule(isTrue, 'a', 'b')),
      withRules(rule(isTrue, 'b', 'c')),
      ['~ rule 1: user.email ends with: added c; removed a'],
    ],
    [
      'a moved rule',
      withRules(rule(isTrue, 'a'), rule(isFalse, 'b'), rule(isFalse, 'c')),
      withRules(rule(isFalse, 'c'), rule(isTrue, 'a'), rule(isFalse, 'b')),
      ['~ rule 3 is now rule 1: when user.email ends with c then false'],
    ],
    [
      'visibility and type',
      flag('checkout'),
      { ...flag('checkout'), sendToClientSdk: true, configType: 'CONFIG' },
      ['~ type: flag → config', '~ sent to client-side SDKs: no → yes'],
    ],
    [
      'another confidential value',
      withRules({ value: { string: 'a', confidential: true } }),
      withRules({ value: { string: 'b', confidential: true } }),
      ['~ default: (confidential) → another confidential value'],
    ],
    [
      'the same share by other weights',
      withRules({ value: rollout(1, 3) }),
      withRules({ value: rollout(25, 75) }),
      ['~ default: 25 % true, 75 % false by user.key → another value that begins or reads alike'],
    ],
    ['a detail without words', flag('checkout'), { ...flag('checkout'), draftId: '5' }, ['+ draftId: "5"']],
  ])('a difference is put in words: %s', (_, before, after, lines) => {
    expect(linesBetween(before, after)).toEqual(lines);
  });

  it('names added, changed and deleted configs in the order of their keys', () => {
    const found = differences(
      [flag('b'), flag('c'), tombstone('d'), flag('e')],
      [flag('a'), flag('c'), tombstone('b'), flag('d'), flag('e', false)],
    );
    expect(found.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      'a added',
      'b deleted',
      'd added',
      'e changed',
    ]);
    expect(found[1]?.lines).toEqual(['- flag of type bool', '- always true']);
  });

  it('every change of a config has a line, and no change has none', () => {
    const key = fc.constant('k');
    fc.assert(
      fc.property(liveConfig(key), liveConfig(key), (before, after) => {
        const lines = linesBetween(before, after);
        expect(lines.length > 0).toBe(!sameContent(before, after));
        expect(lines.every((line) => /^[-+~] /.test(line))).toBe(true);
        expect(linesBetween(before, { ...before, id: '5', projectId: '9' })).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('compares 5,000 rules with 5,000 others without their order', () => {
    const rules = (from: number) =>
      Array.from({ length: 5000 }, (_, i) => rule(isTrue, `@${from + i}.org`, `@${from + i}.com`));
    expect(linesBetween(withRules(...rules(0)), withRules(...rules(10)))).toHaveLength(21);
  });
});

describe('nearest', () => {
  it('finds the name that differs in a few letters, and none that differs in many', () => {
    expect(nearestWord('new-chekout', ['checkout', 'new-checkout', 'banner'])).toBe('new-checkout');
    expect(nearestWord('xyz', ['checkout', 'new-checkout'])).toBeUndefined();
  });
});
