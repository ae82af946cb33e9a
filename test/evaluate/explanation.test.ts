/** Explanations: the same result as the evaluation, by the rule that the evaluation names. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { decodeConfig } from '../../src/ruleset/codec.js';
import { committed } from './committed.js';
import { mapsOf, randomContexts } from './random-contexts.js';
import { ENVIRONMENT, KEYS, randomRuleset } from './random-rulesets.js';
import { contextsOf, NOW, rulesetOf } from './rulesets.js';

describe('an explanation', () => {
  it('an explanation has the value of the evaluation, for any ruleset and contexts, and names its rule', () => {
    let [decided, failed] = [0, 0];
    fc.assert(
      fc.property(randomRuleset, fc.array(randomContexts, { minLength: 5 }), (random, many) => {
        const ruleset = committed(ENVIRONMENT, random.configs, random.defaultContext);
        const evaluator = new Evaluator(ruleset);
        for (const contexts of many.map(mapsOf)) {
          for (const key of [...KEYS, 'missing']) {
            const options = { now: 1_760_000_000_000, random: () => 0.3 };
            const explanation = evaluator.explain(key, contexts, options);
            const evaluation = evaluator.evaluate(key, contexts, options);
            expect(explanation.evaluation).toEqual(evaluation);
            if (evaluation.kind === 'resolved') {
              const { rows = [] } = decodeConfig(ruleset.get(key)!);
              const own = rows.filter((row) => row.projectEnvId === `${ENVIRONMENT}`);
              const fallback = rows.filter((row) => row.projectEnvId === undefined);
              const values = [...own, ...fallback][evaluation.row]?.values ?? [];
              expect(explanation.decided?.conditional).toEqual(values[evaluation.conditional]);
              expect(explanation.failed).toHaveLength(explanation.decided!.number);
              decided++;
            }
            for (const { conditional, criterion } of explanation.failed) {
              expect(conditional.criteria).toContain(criterion);
              failed++;
            }
          }
        }
      }),
      { numRuns: 20 },
    );
    expect(Math.min(decided, failed)).toBeGreaterThan(1_000);
  });

  it('an explanation names the first criterion that does not hold, and what the contexts have for it', () => {
    const criteria = [
      {
        propertyName: 'user.plan',
        operator: 'PROP_IS_ONE_OF',
        valueToMatch: { stringList: { values: ['pro'] } },
      },
      {
        propertyName: 'user.email',
        operator: 'PROP_ENDS_WITH_ONE_OF',
        valueToMatch: { stringList: { values: ['@acme.com'] } },
      },
      { propertyName: 'user.age', operator: 'PROP_LESS_THAN', valueToMatch: { int: '3' } },
    ];
    const values = [{ criteria, value: { bool: true } }, { value: { bool: false } }];
    const config = { key: 'f', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values }] };
    const evaluator = new Evaluator(rulesetOf([config]));
    const explain = (user: Record<string, string>) => evaluator.explain('f', contextsOf({ user }), NOW);
    const { failed, decided } = explain({ plan: 'pro', email: 'a@b.com' });
    expect(failed).toEqual([
      { number: 0, conditional: values[0], criterion: criteria[1], actual: 'a@b.com' },
    ]);
    expect(decided).toEqual({ number: 1, conditional: values[1] });
    expect(explain({ plan: 'free' }).failed[0]).toMatchObject({ criterion: criteria[0], actual: 'free' });
    expect(explain({ plan: 'pro', email: 'a@acme.com' }).failed[0]!.actual).toBeUndefined();
  });

  it('an explanation of a key that no config has is empty', () => {
    const { evaluation, failed, decided } = new Evaluator(rulesetOf([])).explain('x', contextsOf({}), NOW);
    expect([evaluation.kind, failed, decided]).toEqual(['unresolved', [], undefined]);
  });
});
