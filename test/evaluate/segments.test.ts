import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Config } from '../../src/ruleset/model.js';
import { flag, segment, sized, tombstone } from '../ruleset/arbitrary.js';
import { change, constant, NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

const inside = (key: string) => ({ operator: 'IN_SEG', valueToMatch: { string: key } });
const outside = (key: string) => ({ operator: 'NOT_IN_SEG', valueToMatch: { string: key } });
const users = rule('s', {
  propertyName: 'user.x',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['a'] } },
});

const isIn = (key: string, ...configs: Config[]) => {
  const evaluator = new Evaluator(
    rulesetOf([rule('in', inside(key)), rule('out', outside(key)), ...configs]),
  );
  const [first, second] = ['in', 'out'].map((each) => outcome(evaluator.evaluate(each, userWith('a'), NOW)));
  expect(second).toBe(!first);
  return first;
};

describe('a segment', () => {
  it('a segment evaluates a segment for the same contexts', () => {
    const evaluator = new Evaluator(rulesetOf([users, rule('a', inside('s'))]));
    expect(['a', 'b'].map((x) => outcome(evaluator.evaluate('a', userWith(x), NOW)))).toEqual([true, false]);
  });

  it.each<[string, Config, boolean]>([
    ['that holds', users, true],
    ['that is a flag', flag('s'), true],
    ['that is false', flag('s', false), false],
    ['that is deleted', tombstone('s'), false],
    [
      'that holds for those who are not in another one',
      { ...flag('s'), rows: [{ values: [{ criteria: [outside('s2')], value: { bool: true } }] }] },
      true,
    ],
    [
      'of which the value is withheld',
      { ...constant('BOOL', { provided: { source: 'ENV_VAR', lookup: 'A' } }), key: 's' },
      false,
    ],
    [
      'that is drawn by weights',
      {
        ...constant('BOOL', {
          weightedValues: {
            weightedValues: [{ weight: 1, value: { bool: true } }],
            hashByPropertyName: 'user.x',
          },
        }),
        key: 's',
      },
      true,
    ],
  ])('%s', (_, config, expected) => {
    expect(isIn('s', config)).toBe(expected);
  });

  it('a segment has no members when a segment is no boolean', () => {
    expect(isIn('s', sized('s', 4))).toBe(false);
    expect(isIn('s', { ...constant('STRING', { string: 'true' }), key: 's' })).toBe(false);
  });

  it('a segment has no members when a segment is missing', () => {
    expect(isIn('nothing')).toBe(false);
  });

  it('a segment has no members when no rule of a segment applies', () => {
    const config = {
      ...users,
      rows: [{ values: [{ criteria: [inside('nothing')], value: { bool: true } }] }],
    };
    expect(isIn('s', config)).toBe(false);
  });

  it('a segment draws a random segment once for all flags of one evaluation', () => {
    const halves = [
      { weight: 1, value: { bool: true } },
      { weight: 1, value: { bool: false } },
    ];
    const drawn = { ...constant('BOOL', { weightedValues: { weightedValues: halves } }), key: 's' };
    const evaluator = new Evaluator(rulesetOf([drawn, rule('a', inside('s')), rule('b', inside('s'))]));
    let next = 0;
    const random = () => [0.1, 0.9][next++]!;
    const evaluations = evaluator.evaluateVisible(new Map(), { ...NOW, random });
    expect(evaluations.map(outcome)).toEqual([true, true]);
  });
});

describe('segments that refer to each other in a cycle', () => {
  it('segments that refer to each other in a cycle have no members, and neither has a segment that leads into the cycle', () => {
    expect(isIn('s', segment('s', 's'))).toBe(false);
    expect(isIn('s', segment('s', 't'), segment('t', 'u'), segment('u', 's'))).toBe(false);
    expect(isIn('r', segment('r', 's'), segment('s', 't'), segment('t', 's'))).toBe(false);
  });

  it('segments that refer to each other in a cycle give the same results in any order of evaluation', () => {
    const cycle = [rule('s', outside('t')), rule('t', outside('s'))];
    const flags = [rule('a', inside('s')), rule('b', inside('t'))];
    const keys = ['a', 'b', 's', 't'];
    const ask = (order: string[]) => {
      const evaluator = new Evaluator(rulesetOf([...cycle, ...flags]));
      return new Map(order.map((key) => [key, outcome(evaluator.evaluate(key, new Map(), NOW))]));
    };
    expect(ask(keys)).toEqual(ask(keys.reverse()));
  });

  it('segments that refer to each other in a cycle have members as soon as a change opens the cycle', () => {
    const ruleset = rulesetOf([rule('a', inside('s')), segment('s', 't'), segment('t', 's')]);
    const evaluator = new Evaluator(ruleset);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(false);
    change(ruleset, [segment('t')]);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(true);
    change(ruleset, [segment('t', 's')]);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(false);
  });
});

describe('a chain of 20,000 segments', () => {
  const chain = (last: boolean) => [
    rule('a', inside('s0')),
    ...Array.from({ length: 19_999 }, (_, index) => segment(`s${index}`, `s${index + 1}`)),
    flag('s19999', last),
  ];

  it('a chain of 20,000 segments evaluates a chain of 20,000 segments without exhausting the stack', () => {
    const ruleset = rulesetOf(chain(true));
    const evaluator = new Evaluator(ruleset);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(true);
    change(ruleset, [flag('s19999', false)]);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe(false);
  });
});
