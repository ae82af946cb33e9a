/** The bound on the work that contexts can cause: docs/evaluation.md, "Limits". */
import { describe, expect, it } from 'vitest';
import { FREE_LENGTH, PASS_BUDGET } from '../../src/evaluate/budget.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { ContextValue } from '../../src/evaluate/contexts.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

const criterion = (operator: string, valueToMatch: ConfigValue) => ({
  propertyName: 'user.x',
  operator,
  valueToMatch,
});
const list = (...values: string[]) => ({ stringList: { values } });

/** The values of all flags, and the number of evaluations that were reported as over budget. */
function evaluateAll(
  configs: readonly Config[],
  value: ContextValue,
): { values: unknown[]; reports: number } {
  let reports = 0;
  const evaluator = new Evaluator(rulesetOf(configs), () => reports++);
  return { values: evaluator.evaluateVisible(userWith(value), NOW).map(outcome), reports };
}

/**
 * A text without a match, on which searches for `a[ab]{40}c…` need a new state for each character.
 */
function hostile(length: number): string {
  let random = 1;
  return Array.from({ length }, () => {
    random = (random * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return random & 0x100 ? 'a' : 'b';
  }).join('');
}

describe('a context with long texts', () => {
  it('a context with long texts stalls no evaluation of expressions', () => {
    const flags = Array.from({ length: 20 }, (_, index) =>
      rule(`f${index}`, criterion('PROP_MATCHES', { string: `a[ab]{${40 + index}}c` })),
    );
    const since = process.cpuUsage();
    const { reports } = evaluateAll(flags, `c${hostile(20_000)}`);
    expect(reports).toBe(1);
    // 40 ms; before there was a budget it took 3 s.
    expect(process.cpuUsage(since).user / 1000).toBeLessThan(1_000);
  });

  it('a context with long texts is not tested for an expression beyond the budget, nor for its negation', () => {
    const size = 1_000;
    const matching = criterion('PROP_MATCHES', { string: `a{${size}}$` });
    const negated = criterion('PROP_DOES_NOT_MATCH', { string: `a{${size}}$` });
    const flags = [rule('a', matching), rule('b', negated)];
    expect(evaluateAll(flags, 'a'.repeat(FREE_LENGTH))).toEqual({ values: [false, true], reports: 0 });
    const long = 'a'.repeat(Math.ceil(PASS_BUDGET / size) + 1);
    expect(evaluateAll(flags, long)).toEqual({ values: [false, false], reports: 1 });
  });

  it('a context with long texts is tested for word lists until the budget is spent, and then neither way', () => {
    const flags = [1, 2, 3].flatMap((index) => [
      rule(`f${index}`, criterion('PROP_CONTAINS_ONE_OF', list(`b${index}`, 'x'))),
      rule(`g${index}`, criterion('PROP_DOES_NOT_CONTAIN_ONE_OF', list(`c${index}`, 'x'))),
    ]);
    const text = `b1b2b3${'a'.repeat(0.3 * PASS_BUDGET)}`;
    const { values, reports } = evaluateAll(flags, text);
    // In order of keys: f1 f2 f3 g1 g2 g3.
    expect(values).toEqual([true, true, true, false, false, false]);
    expect(reports).toBe(1);
  });

  it('a context with long texts has no value of weights that hash it beyond the budget', () => {
    const weighted = (key: string): Config => ({
      key,
      configType: 'FEATURE_FLAG',
      rows: [
        {
          values: [
            {
              value: {
                weightedValues: {
                  hashByPropertyName: 'user.x',
                  weightedValues: [{ weight: 1, value: { string: 'v' } }],
                },
              },
            },
          ],
        },
      ],
    });
    const { values } = evaluateAll([weighted('a'), weighted('b')], 'a'.repeat(0.6 * PASS_BUDGET));
    expect(values).toEqual(['v', 'unmatched']);
  });

  it('a context with long texts is tested for long lists until the budget is spent', () => {
    const flags = ['a', 'b'].map((key) => rule(key, criterion('PROP_IS_ONE_OF', list(key, 'z'))));
    const entries = Array.from({ length: 0.6 * PASS_BUDGET }, (_, index) => `e${index}`);
    expect(evaluateAll(flags, [...entries, 'z']).values).toEqual([true, false]);
  });
});

describe('a context with short texts', () => {
  it('a context with short texts is always tested, whatever the number of rules', () => {
    const flags = Array.from({ length: 3_000 }, (_, index) =>
      rule(`f${index}`, criterion('PROP_MATCHES', { string: `^[a-z]+${index}$` })),
    );
    const { values, reports } = evaluateAll(flags, `${'a'.repeat(FREE_LENGTH - 4)}2999`);
    expect(values.filter((value) => value === true)).toHaveLength(1);
    expect(reports).toBe(0);
  });
});
