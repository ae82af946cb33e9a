import { expect, it } from 'vitest';
import { Memo } from '../../src/evaluate/memo.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { constant, NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

it('an answer of one run is none of another, also when the marks begin anew', () => {
  const answers = new Memo(3);
  for (let run = 0; run < 10; run++) {
    const { cells, yes } = answers.begin(2);
    for (const cell of cells) expect([yes, yes - 1]).not.toContain(cell);
    cells[0] = yes;
    cells[1] = yes - 1;
  }
});

it('an evaluation inside of another one, from its chance, changes nothing for it', () => {
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
  const chance = () => {
    inner.push(outcome(evaluator.evaluate('c', userWith('b'), NOW)));
    return 0.1;
  };
  const outer = evaluator.evaluateVisible(userWith('a'), { ...NOW, random: chance }).map(outcome);
  expect(outer).toEqual([true, true, true]);
  expect(inner).toEqual([false]);
});
