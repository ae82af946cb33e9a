import { expect, it } from 'vitest';
import { Memo } from '../../src/evaluate/memo.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { constant, NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

it('keeps the results of passes apart, also after the marks start again', () => {
  const memo = new Memo(3);
  for (let pass = 0; pass < 10; pass++) {
    const { cells, yes } = memo.begin(2);
    for (const cell of cells) expect([yes, yes - 1]).not.toContain(cell);
    cells[0] = yes;
    cells[1] = yes - 1;
  }
});

it('evaluates correctly when its random function starts another evaluation', () => {
  const isA = {
    propertyName: 'user.x',
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: { stringList: { values: ['a'] } },
  };
  const halves = [
    { weight: 1, value: { bool: true } },
    { weight: 1, value: { bool: false } },
  ];
  const drawn = {
    ...constant('BOOL', { weightedValues: { weightedValues: halves } }),
    configType: 'FEATURE_FLAG',
    key: 'b',
  };
  const evaluator = new Evaluator(rulesetOf([rule('a', isA), drawn, rule('c', isA)]));
  const inner: unknown[] = [];
  const random = () => {
    inner.push(outcome(evaluator.evaluate('c', userWith('b'), NOW)));
    return 0.1;
  };
  const outer = evaluator.evaluateVisible(userWith('a'), { ...NOW, random }).map(outcome);
  expect(outer).toEqual([true, true, true]);
  expect(inner).toEqual([false]);
});
