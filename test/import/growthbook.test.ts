import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';

const convert = (rules: object[], more: object = {}) =>
  convertFlags('growthbook', JSON.stringify({ features: { a: { defaultValue: false, rules } }, ...more }));
const holds = (condition: object, user: Parameters<ReturnType<typeof evaluationOf>>[1], more: object = {}) =>
  evaluationOf(convert([{ condition, force: true }], more))('a', user);

describe('growthbook', () => {
  it('a feature of GrowthBook without rules has its default value', () => {
    expect(evaluationOf(convert([]))('a')).toBe(false);
  });

  it.each<[object, Parameters<ReturnType<typeof evaluationOf>>[1], boolean]>([
    [{ country: 'US' }, { country: 'US' }, true],
    [{ country: { $in: ['US', 'CA'] } }, { country: 'DE' }, false],
    [{ country: { $nin: ['US'] } }, {}, true],
    [{ age: { $gte: 18, $lt: 65 } }, { age: 65 }, false],
    [{ age: { $gte: 18, $lt: 65 } }, { age: 18 }, true],
    [{ $or: [{ a: '1' }, { b: '1' }] }, { b: '1' }, true],
    [{ $nor: [{ a: '1' }, { b: '1' }] }, { b: '1' }, false],
    [{ $not: { a: '1' } }, { a: '2' }, true],
    [{ $and: [{ a: '1' }, { b: '1' }] }, { a: '1' }, false],
    [{ email: { $regex: '@acme\\.com$' } }, { email: 'x@acme.com' }, true],
    [{ version: { $vgte: '1.2.3' } }, { version: '1.2.3' }, true],
    [{ id: { $inGroup: 'g' } }, { key: 'ada' }, true],
  ])('the condition %j of GrowthBook holds as there for %j', (condition, user, expected) => {
    expect(holds(condition, user, { savedGroups: { g: ['ada'] } })).toBe(expected);
  });

  it('an experiment keeps its weights and coverage; the others get the default', () => {
    const features = {
      a: { defaultValue: 'no', rules: [{ variations: ['x', 'y'], weights: [0.5, 0.5], coverage: 0.4 }] },
    };
    const conversion = convertFlags('growthbook', JSON.stringify({ features }));
    const evaluate = evaluationOf(conversion);
    expect(shareOf(evaluate, 'a', 'x')).toBeCloseTo(0.2, 1);
    expect(shareOf(evaluate, 'a', 'no')).toBeCloseTo(0.6, 1);
    expect(findingsOf(conversion)).toEqual(['a moves']);
  });

  it.each<[string, object[], RegExp]>([
    ['a share before another rule', [{ force: true, coverage: 0.5 }, { force: true }], /followed by another/],
    ['a namespace', [{ force: true, namespace: ['n', 0, 0.5] }], /namespace/],
    ['a parent', [{ force: true, parentConditions: [{ id: 'b' }] }], /parentConditions/],
    ['$exists', [{ force: true, condition: { a: { $exists: true } } }], /\$exists/],
    ['a group that is not there', [{ force: true, condition: { id: { $inGroup: 'x' } } }], /group x/],
    ['an object', [{ force: true, condition: { a: { b: 1 } } }], /object/],
    ['values of several types', [{ force: 'yes' }], /different types/],
  ])('a feature of GrowthBook with %s is left out with the reason', (_, rules, reason) => {
    expect(leftOut(convert(rules), 'a')).toMatch(reason);
  });
});
