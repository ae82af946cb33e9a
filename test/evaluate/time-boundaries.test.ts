import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { change, constant, NOW, outcome, rule, rulesetOf } from './rulesets.js';

const timed = (operator: string, valueToMatch: ConfigValue, key = 'a'): Config =>
  rule(key, { propertyName: 'prefab.current-time', operator, valueToMatch });

const COMPARISONS = [
  'PROP_BEFORE',
  'PROP_AFTER',
  'PROP_LESS_THAN',
  'PROP_LESS_THAN_OR_EQUAL',
  'PROP_GREATER_THAN',
  'PROP_GREATER_THAN_OR_EQUAL',
];

/** A config that clients may see. */
const visible = (value: ConfigValue): Config => ({ ...constant('INT', value), sendToClientSdk: true });

/** The texts without consecutive repeats. */
const runsOf = (texts: string[]) => texts.filter((text, index) => text !== texts[index - 1]);

describe('the interval between time boundaries', () => {
  it('changes when evaluations change, and only then', () => {
    const constant = fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((int): ConfigValue => ({ int: `${int}` })),
      fc.integer({ min: 0, max: 40 }).map((half): ConfigValue => ({ double: half / 2 })),
      fc.integer({ min: 0, max: 20 }).map((at): ConfigValue => ({ string: new Date(at).toISOString() })),
    );
    const range = fc
      .record(
        {
          start: fc.integer({ min: 0, max: 20 }).map(String),
          end: fc.integer({ min: 0, max: 20 }).map(String),
        },
        { requiredKeys: [] },
      )
      .map((intRange) => ['IN_INT_RANGE', { intRange }] as const);
    const criteria = fc.array(fc.oneof(fc.tuple(fc.constantFrom(...COMPARISONS), constant), range), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(criteria, (list) => {
        const configs = list.map(([operator, match], index) => timed(operator, match, `flag-${index}`));
        const evaluator = new Evaluator(rulesetOf(configs));
        const at = Array.from({ length: 24 }, (_, now) => ({
          interval: evaluator.intervalAt(now),
          values: evaluator
            .evaluateVisible(new Map(), { ...NOW, now })
            .map(outcome)
            .join(),
        }));
        for (const a of at) {
          for (const b of at) if (a.interval === b.interval) expect(a.values).toBe(b.values);
        }
        // Two time boundaries can cancel each other out, but not more often than there are configs.
        expect(runsOf(at.map(({ interval }) => interval)).length).toBeLessThanOrEqual(1 + 2 * list.length);
      }),
    );
  });

  it.each([
    ['PROP_BEFORE', ['first', 'first', 'from 100', 'from 100']],
    ['PROP_AFTER', ['first', 'first', 'first', 'after 100']],
    ['PROP_LESS_THAN', ['first', 'first', 'from 100', 'from 100']],
    ['PROP_LESS_THAN_OR_EQUAL', ['first', 'first', 'first', 'after 100']],
    ['PROP_GREATER_THAN', ['first', 'first', 'first', 'after 100']],
    ['PROP_GREATER_THAN_OR_EQUAL', ['first', 'first', 'from 100', 'from 100']],
  ])(
    'the interval between time boundaries is the next one at, or after, the constant of %s',
    (operator, expected) => {
      const evaluator = new Evaluator(rulesetOf([timed(operator, { int: '100' })]));
      expect([-5, 99.9, 100.5, 101].map((now) => evaluator.intervalAt(now))).toEqual(expected);
    },
  );

  it('the interval between time boundaries never changes when no rule compares the time', () => {
    const other = rule('a', {
      propertyName: 'user.x',
      operator: 'PROP_LESS_THAN',
      valueToMatch: { int: '5' },
    });
    const never = [
      timed('PROP_MATCHES', { string: '5' }, 'b'),
      timed('PROP_SEMVER_EQUAL', { string: '1.2.3' }, 'c'),
      timed('PROP_BEFORE', { string: 'soon' }, 'd'),
      timed('PROP_BEFORE', { double: 'NaN' }, 'e'),
    ];
    const evaluator = new Evaluator(rulesetOf([other, ...never]));
    expect([0, 5, NOW.now].map((now) => evaluator.intervalAt(now))).toEqual(['first', 'first', 'first']);
  });

  it.each([
    ['looked up in a list', timed('PROP_IS_ONE_OF', { stringList: { values: ['5'] } })],
    ['compared as text', timed('PROP_ENDS_WITH_ONE_OF', { stringList: { values: ['5'] } })],
    [
      'hashed',
      visible({
        weightedValues: {
          weightedValues: [{ weight: 1, value: { int: '1' } }],
          hashByPropertyName: 'prefab.current-time',
        },
      }),
    ],
  ])('the interval between time boundaries is the time itself where that is %s', (_, config) => {
    const evaluator = new Evaluator(rulesetOf([config]));
    expect([5, 6.7].map((now) => evaluator.intervalAt(now))).toEqual(['5', '6']);
  });

  it('the interval between time boundaries follows the present version', () => {
    const ruleset = rulesetOf([timed('PROP_BEFORE', { int: '100' })]);
    const evaluator = new Evaluator(ruleset);
    expect(evaluator.intervalAt(150)).toBe('from 100');
    change(ruleset, [timed('PROP_BEFORE', { int: '120' }, 'b')]);
    expect(evaluator.intervalAt(150)).toBe('from 120');
    change(ruleset, [{ key: 'b', configType: 'DELETED' }]);
    expect(evaluator.intervalAt(150)).toBe('from 100');
  });

  it('the interval between time boundaries depends on visible configs and the segments that they use, directly or not', () => {
    const hidden = (config: Config): Config => ({ ...config, configType: 'SEGMENT' });
    const uses = (key: string) => ({ operator: 'IN_SEG', valueToMatch: { string: key } });
    const ruleset = rulesetOf([
      rule('a', uses('s')),
      hidden(rule('s', uses('t'))),
      hidden(timed('PROP_BEFORE', { int: '100' }, 't')),
      hidden(timed('PROP_BEFORE', { int: '120' }, 'u')),
      hidden(timed('PROP_IS_ONE_OF', { stringList: {} }, 'v')),
    ]);
    expect(new Evaluator(ruleset).intervalAt(150)).toBe('from 100');
  });

  it('the interval between time boundaries keeps its name when a constant that clients do not see is removed', () => {
    // A client is answered before the visible constant passes, and asks again after it, when there
    // is one constant less.
    const seen = timed('PROP_BEFORE', { int: '100' });
    const ruleset = rulesetOf([seen, timed('PROP_BEFORE', { int: '10' }, 'b')]);
    const evaluator = new Evaluator(ruleset);
    const before = evaluator.intervalAt(50);
    change(ruleset, [{ key: 'b', configType: 'DELETED' }]);
    expect(evaluator.intervalAt(150)).not.toBe(before);
  });
});
