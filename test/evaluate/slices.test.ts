/** Work that grows with a ruleset is done in slices of turns. */
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { Evaluators } from '../../src/evaluate/evaluators.js';
import { ONE_TURN, type WorkSlices } from '../../src/evaluate/work-slices.js';
import type { Evaluation } from '../../src/evaluate/result.js';
import { change, NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

const isA = {
  propertyName: 'user.x',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['a'] } },
};
const flags = (count: number) =>
  Array.from({ length: count }, (_, index) => rule(`f${String(index).padStart(5, '0')}`, isA));

/** Slices that are over after each step; `between` runs between two of them. */
function shortSlices(between: () => void = () => undefined): WorkSlices & { count: number } {
  return {
    count: 0,
    isOver: true,
    next() {
      this.count++;
      between();
      return Promise.resolve();
    },
  };
}

describe('compiling in slices', () => {
  it('gives the turn up between configs, and leaves nothing to the next evaluation', async () => {
    const evaluator = new Evaluator(rulesetOf(flags(200)));
    const slices = shortSlices();
    await evaluator.prepare(() => Promise.resolve(slices));
    expect(slices.count).toBeGreaterThanOrEqual(200);
    const expected = new Evaluator(rulesetOf(flags(200))).evaluateVisible(userWith('a'), NOW);
    expect(evaluator.evaluateVisible(userWith('a'), NOW).map(outcome)).toEqual(expected.map(outcome));
  });

  it('compiling in slices is shared by all that wait for the same ruleset', async () => {
    let begun = 0;
    const turns = { begin: () => (begun++, Promise.resolve(shortSlices() as never)) };
    const evaluators = new Evaluators({ turns });
    const ruleset = rulesetOf(flags(100));
    const [one, other] = await Promise.all([evaluators.of(ruleset), evaluators.of(ruleset)]);
    expect(one).toBe(other);
    expect(begun).toBe(1);
  });

  it('includes a change that comes during the work', async () => {
    const ruleset = rulesetOf(flags(100));
    const evaluator = new Evaluator(ruleset);
    let isChanged = false;
    const slices = shortSlices(() => {
      if (isChanged) return;
      isChanged = true;
      change(ruleset, [rule('a-new', isA)]);
    });
    await evaluator.prepare(() => Promise.resolve(slices));
    expect(outcome(evaluator.evaluate('a-new', userWith('a'), NOW))).toBe(true);
    expect(evaluator.evaluateVisible(userWith('a'), NOW)).toHaveLength(101);
  });

  it('compiling in slices never undoes an evaluation that compiled a later version in the meantime', async () => {
    const ruleset = rulesetOf(flags(100));
    const evaluator = new Evaluator(ruleset);
    let steps = 0;
    const slices = shortSlices(() => {
      if (++steps !== 50) return;
      change(ruleset, [{ key: 'f00001', configType: 'DELETED' }]);
      expect(outcome(evaluator.evaluate('f00001', userWith('a'), NOW))).toBe('missing');
    });
    await evaluator.prepare(() => Promise.resolve(slices));
    expect(outcome(evaluator.evaluate('f00001', userWith('a'), NOW))).toBe('missing');
    expect(outcome(evaluator.evaluate('f00002', userWith('a'), NOW))).toBe(true);
  });

  it('compiling in slices is skipped for a small change, which the next evaluation compiles', async () => {
    const ruleset = rulesetOf(flags(100));
    const evaluator = new Evaluator(ruleset);
    evaluator.evaluateVisible(userWith('a'), NOW);
    change(ruleset, [rule('a-new', isA)]);
    await evaluator.prepare(() => Promise.reject(new Error('no slices are needed')));
    expect(outcome(evaluator.evaluate('a-new', userWith('a'), NOW))).toBe(true);
  });
});

describe('evaluating all configs in slices', () => {
  it('visits the same evaluations in the same order as in one turn', async () => {
    const evaluator = new Evaluator(rulesetOf(flags(100)));
    const visited: Evaluation[] = [];
    const inner: unknown[] = [];
    const slices = shortSlices(() => inner.push(outcome(evaluator.evaluate('f00000', userWith('b'), NOW))));
    const visit = (evaluation: Evaluation) => void visited.push(evaluation);
    expect(await evaluator.evaluateVisibleInSlices(userWith('a'), NOW, slices, visit)).toBe(true);
    expect(visited).toEqual(evaluator.evaluateVisible(userWith('a'), NOW));
    // Evaluations of others between the slices have their own results.
    expect(new Set(inner)).toEqual(new Set([false]));
  });

  it('ends as soon as the ruleset changes', async () => {
    const ruleset = rulesetOf(flags(100));
    const evaluator = new Evaluator(ruleset);
    let visited = 0;
    const slices = shortSlices(() => change(ruleset, [rule('a-new', isA)]));
    expect(await evaluator.evaluateVisibleInSlices(userWith('a'), NOW, slices, () => visited++)).toBe(false);
    expect(visited).toBe(1);
    expect(await evaluator.evaluateVisibleInSlices(userWith('a'), NOW, ONE_TURN, () => visited++)).toBe(true);
    expect(visited).toBe(1 + 101);
  });
});
