import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';

const convert = (features: object[], more: object = {}) =>
  convertFlags('unleash', JSON.stringify({ version: 2, features, ...more }));

const feature = (strategies: object[], more: object = {}) => ({
  name: 'a',
  enabled: true,
  strategies,
  ...more,
});
const constrained = (constraint: object) => feature([{ name: 'default', constraints: [constraint] }]);

describe('unleash', () => {
  it('a feature of Unleash that is disabled is off, and one without strategies is on', () => {
    const evaluate = evaluationOf(
      convert([feature([{ name: 'default' }], { enabled: false }), { ...feature([]), name: 'b' }]),
    );
    expect([evaluate('a'), evaluate('b')]).toEqual([false, true]);
  });

  it('a feature is on when one of its strategies is', () => {
    const evaluate = evaluationOf(
      convert([
        feature([
          { name: 'userWithId', parameters: { userIds: 'ada, bob' } },
          { name: 'default', constraints: [{ contextName: 'plan', operator: 'IN', values: ['pro'] }] },
        ]),
      ]),
    );
    expect([
      evaluate('a', { key: 'bob' }),
      evaluate('a', { plan: 'pro' }),
      evaluate('a', { key: 'x' }),
    ]).toEqual([true, true, false]);
  });

  it.each<[string, object, Parameters<ReturnType<typeof evaluationOf>>[1], boolean]>([
    ['IN', { values: ['a'] }, { x: 'a' }, true],
    ['NOT_IN', { values: ['a'] }, {}, true],
    ['STR_ENDS_WITH', { values: ['@acme.com'] }, { x: 'a@acme.com' }, true],
    ['STR_STARTS_WITH', { values: ['b'], inverted: true }, { x: 'a' }, true],
    ['STR_CONTAINS', { values: ['zz'] }, { x: 'a' }, false],
    ['NUM_GTE', { value: '18' }, { x: 18 }, true],
    ['NUM_EQ', { value: '18' }, { x: 18 }, true],
    ['SEMVER_GT', { value: '1.2.3' }, { x: '1.2.4' }, true],
    ['DATE_AFTER', { value: '2030-01-01T00:00:00Z' }, { x: '2029-01-01T00:00:00Z' }, false],
  ])('a constraint with %s %j holds as in Unleash', (operator, more, user, expected) => {
    expect(evaluationOf(convert([constrained({ contextName: 'x', operator, ...more })]))('a', user)).toBe(
      expected,
    );
  });

  it('a rollout keeps its size, and 100 % is on', () => {
    const rollout = (percent: string) => [
      { name: 'flexibleRollout', parameters: { rollout: percent, stickiness: 'userId' } },
    ];
    const conversion = convert([feature(rollout('25')), { ...feature(rollout('100')), name: 'b' }]);
    expect(shareOf(evaluationOf(conversion), 'a', true)).toBeCloseTo(0.25, 1);
    expect(evaluationOf(conversion)('b')).toBe(true);
    expect(findingsOf(conversion)).toEqual(['a moves']);
  });

  it('segments are converted and asked for, and variants differ', () => {
    const segments = [{ id: 7, constraints: [{ contextName: 'plan', operator: 'IN', values: ['pro'] }] }];
    const conversion = convert(
      [feature([{ name: 'default', segments: [7] }], { variants: [{ name: 'v' }] })],
      { segments },
    );
    expect([evaluationOf(conversion)('a', { plan: 'pro' }), evaluationOf(conversion)('a')]).toEqual([
      true,
      false,
    ]);
    expect(findingsOf(conversion)).toEqual(['a differs']);
  });

  it('a feature whose strategies are all disabled is off', () => {
    const conversion = convert([feature([{ name: 'default', disabled: true }])]);
    expect(evaluationOf(conversion)('a')).toBe(false);
  });

  it('a feature that depends on another is left out, unless it is disabled', () => {
    const dependencies = [{ feature: 'parent', enabled: true }];
    expect(findingsOf(convert([feature([], { dependencies })]))).toEqual(['a left out']);
    expect(findingsOf(convert([feature([])], { dependencies: [{ feature: 'a', dependencies }] }))).toEqual([
      'a left out',
    ]);
    expect(findingsOf(convert([feature([], { dependencies, enabled: false })]))).toEqual([]);
  });

  it('an export has strategies and states in lists of their own', () => {
    const conversion = convert([{ name: 'a' }], {
      featureStrategies: [{ featureName: 'a', name: 'userWithId', parameters: { userIds: 'ada' } }],
      featureEnvironments: [{ featureName: 'a', enabled: true }],
    });
    expect([evaluationOf(conversion)('a', { key: 'ada' }), evaluationOf(conversion)('a')]).toEqual([
      true,
      false,
    ]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a percentage before another strategy',
      feature([{ name: 'flexibleRollout', parameters: { rollout: '10' } }, { name: 'default' }]),
      /followed by another/,
    ],
    [
      'a random percentage',
      feature([{ name: 'flexibleRollout', parameters: { rollout: '10', stickiness: 'random' } }]),
      /each request/,
    ],
    ['a strategy of its own', feature([{ name: 'mine' }]), /strategy "mine"/],
    ['a segment that is not there', feature([{ name: 'default', segments: [9] }]), /segment 9/],
    [
      'a comparison without regard to case',
      constrained({ contextName: 'x', operator: 'STR_CONTAINS', values: ['a'], caseInsensitive: true }),
      /case/,
    ],
    [
      'the current time',
      constrained({ contextName: 'currentTime', operator: 'DATE_AFTER', value: '2030-01-01T00:00:00Z' }),
      /current time/,
    ],
    [
      'an inverted number',
      constrained({ contextName: 'x', operator: 'NUM_GT', value: '1', inverted: true }),
      /opposite/,
    ],
  ])('a feature of Unleash with %s is left out with the reason', (_, given, reason) => {
    expect(leftOut(convert([given]), 'a')).toMatch(reason);
  });
});
