import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Ruleset } from '../../src/ruleset/ruleset.js';
import { flag, segment, tombstone } from '../ruleset/arbitrary.js';
import { change, contextsOf, NOW, outcome, rule, rulesetOf } from './rulesets.js';
import { KEYS, wildConfigs, wildContexts } from './wild.js';

const OPTIONS = { ...NOW, random: () => 0.3 };

/** All that an evaluator says. */
function everything(evaluator: Evaluator, contexts = contextsOf({})): unknown {
  return {
    version: evaluator.version,
    single: KEYS.map((key) => evaluator.evaluate(key, contexts, OPTIONS)),
    visible: evaluator.evaluateVisible(contexts, OPTIONS),
    level: evaluator.logLevel('é', contexts, OPTIONS),
    interval: evaluator.intervalAt(NOW.now),
  };
}

describe('a later version of a ruleset', () => {
  it('a later version of a ruleset evaluates a later version as if it were the first', () => {
    fc.assert(
      fc.property(
        fc.array(wildConfigs, { minLength: 2, maxLength: 5 }),
        wildContexts,
        (versions, contexts) => {
          const [first = [], ...changes] = versions;
          const ruleset = rulesetOf(first);
          const evaluator = new Evaluator(ruleset);
          everything(evaluator, contexts);
          for (const configs of changes) {
            change(ruleset, configs);
            expect(everything(evaluator, contexts)).toEqual(everything(new Evaluator(ruleset), contexts));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each<[string, (ruleset: Ruleset) => void, unknown[]]>([
    ['that changes a flag', (ruleset) => change(ruleset, [flag('a', false)]), [false, true]],
    [
      'that changes a segment of an unchanged flag',
      (ruleset) => change(ruleset, [flag('s', false)]),
      [true, false],
    ],
    ['that takes a segment away', (ruleset) => change(ruleset, [tombstone('s')]), [true, false]],
    ['that deletes a flag', (ruleset) => change(ruleset, [tombstone('a')]), ['missing', true]],
    [
      'that deletes a flag and one that brings it back',
      (ruleset) => {
        change(ruleset, [tombstone('a')]);
        change(ruleset, [flag('a')]);
      },
      [true, true],
    ],
  ])('%s is seen by the next call', (_, apply, expected) => {
    const ruleset = rulesetOf([
      flag('a'),
      rule('b', { operator: 'IN_SEG', valueToMatch: { string: 's' } }),
      segment('s'),
    ]);
    const evaluator = new Evaluator(ruleset);
    expect(['a', 'b'].map((key) => outcome(evaluator.evaluate(key, new Map(), NOW)))).toEqual([true, true]);
    apply(ruleset);
    expect(['a', 'b'].map((key) => outcome(evaluator.evaluate(key, new Map(), NOW)))).toEqual(expected);
  });

  it('a later version of a ruleset sees a change of the default context alone', () => {
    const config = rule('a', {
      propertyName: 'user.x',
      operator: 'PROP_IS_ONE_OF',
      valueToMatch: { stringList: { values: ['new'] } },
    });
    const ruleset = rulesetOf([config]);
    const evaluator = new Evaluator(ruleset);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(false);
    change(ruleset, [], { contexts: [{ type: 'user', values: { x: { string: 'new' } } }] });
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(true);
  });

  it('a later version of a ruleset keeps the evaluation objects of unchanged configs', () => {
    const ruleset = rulesetOf([flag('a'), flag('b')]);
    const evaluator = new Evaluator(ruleset);
    const before = evaluator.evaluate('a', new Map(), NOW);
    change(ruleset, [flag('b', false)]);
    expect(evaluator.evaluate('a', new Map(), NOW)).toBe(before);
  });

  it('a later version of a ruleset keeps visible configs in order of keys after a change', () => {
    const ruleset = rulesetOf(['d', 'b'].map((key) => flag(key)));
    const evaluator = new Evaluator(ruleset);
    const visible = () => evaluator.evaluateVisible(new Map(), NOW).map((each) => each.config?.key);
    expect(visible()).toEqual(['b', 'd']);
    change(ruleset, [flag('c'), flag('a')]);
    expect(visible()).toEqual(['a', 'b', 'c', 'd']);
    change(ruleset, [tombstone('b'), segment('d'), flag('e')]);
    expect(visible()).toEqual(['a', 'c', 'e']);
  });

  it('a later version of a ruleset evaluates correctly after thousands of changes that replace all names', () => {
    const ruleset = rulesetOf([flag('a')]);
    const evaluator = new Evaluator(ruleset);
    for (let round = 0; round < 30; round++) {
      const rules = Array.from({ length: 100 }, (_, index) =>
        rule(`flag-${index}`, { operator: 'IN_SEG', valueToMatch: { string: `gone-${round}-${index}` } }),
      );
      change(ruleset, rules);
      expect(evaluator.evaluateVisible(new Map(), NOW)).toHaveLength(101);
    }
    expect(everything(evaluator)).toEqual(everything(new Evaluator(ruleset)));
  });
});

it('terminates without throwing for any ruleset and contexts', () => {
  fc.assert(
    fc.property(wildConfigs, wildContexts, fc.double(), (configs, contexts, now) => {
      const evaluator = new Evaluator(rulesetOf(configs));
      const options = { now, random: () => 0.999 };
      for (const key of KEYS) evaluator.evaluate(key, contexts, options);
      evaluator.evaluateVisible(contexts, options);
      evaluator.logLevel('é.a', contexts, options);
      return typeof evaluator.intervalAt(now) === 'string';
    }),
    { numRuns: 2000 },
  );
});
