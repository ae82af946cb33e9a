import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';

const convert = (flags: object, segments: object = {}) =>
  convertFlags('launchdarkly', JSON.stringify({ flags, segments }));

/** A flag that is on, with those parts. */
const flag = (more: object = {}) => ({
  on: true,
  variations: [true, false],
  offVariation: 1,
  fallthrough: { variation: 1 },
  ...more,
});

const clause = (op: string, values: unknown[], more: object = {}) => ({
  attribute: 'email',
  op,
  values,
  ...more,
});
const withClauses = (...clauses: object[]) => flag({ rules: [{ variation: 0, clauses }] });

describe('launchdarkly', () => {
  it('a flag of LaunchDarkly that is off has its off value, and without one is left out', () => {
    const conversion = convert({ a: flag({ on: false }), b: flag({ on: false, offVariation: null }) });
    expect(evaluationOf(conversion)('a')).toBe(false);
    expect(leftOut(conversion, 'b')).toMatch(/off without/);
  });

  it('targets come before rules, rules before the fallthrough', () => {
    const targets = [{ values: ['ada'], variation: 1 }];
    const rules = [{ variation: 0, clauses: [clause('endsWith', ['@acme.com'])] }];
    const evaluate = evaluationOf(convert({ a: flag({ targets, rules }) }));
    expect(evaluate('a', { key: 'ada', email: 'a@acme.com' })).toBe(false);
    expect(evaluate('a', { key: 'bob', email: 'b@acme.com' })).toBe(true);
    expect(evaluate('a', { key: 'bob' })).toBe(false);
  });

  it.each<[string, unknown[], Parameters<ReturnType<typeof evaluationOf>>[1], boolean]>([
    ['in', ['a', 'b'], { email: 'b' }, true],
    ['startsWith', ['x', 'a@'], { email: 'a@b' }, true],
    ['contains', ['zz'], { email: 'a@b' }, false],
    ['matches', ['^a.*b$'], { email: 'a@b' }, true],
    ['lessThan', [3, 5], { email: 4 }, true],
    ['greaterThanOrEqual', [5], { email: 4 }, false],
    ['semVerGreaterThan', ['1.2.3'], { email: '1.10.0' }, true],
    ['semVerLessThan', ['1.2.3'], { email: '1.10.0' }, false],
    ['before', ['2030-01-01T00:00:00Z'], { email: '2029-01-01T00:00:00Z' }, true],
    ['after', [1_900_000_000_000], { email: 1_800_000_000_000 }, false],
  ])('a clause with %s %j holds as in LaunchDarkly', (op, values, user, expected) => {
    expect(evaluationOf(convert({ a: withClauses(clause(op, values)) }))('a', user)).toBe(expected);
  });

  it('all clauses of a rule must hold, and a negated one differs for an absent attribute', () => {
    const conversion = convert({
      a: withClauses(clause('endsWith', ['@acme.com']), clause('in', ['x@acme.com'], { negate: true })),
    });
    const evaluate = evaluationOf(conversion);
    expect([evaluate('a', { email: 'y@acme.com' }), evaluate('a', { email: 'x@acme.com' })]).toEqual([
      true,
      false,
    ]);
    expect(findingsOf(conversion)).toEqual(['a differs']);
  });

  it('a rollout keeps its shares and is spread by its attribute', () => {
    const rollout = {
      bucketBy: 'key',
      variations: [
        { variation: 0, weight: 25_000 },
        { variation: 1, weight: 75_000 },
      ],
    };
    const conversion = convert({ a: flag({ fallthrough: { rollout } }) });
    expect(findingsOf(conversion)).toEqual(['a moves']);
    expect(shareOf(evaluationOf(conversion), 'a', true)).toBeCloseTo(0.25, 1);
  });

  it('segments are converted with their members, and flags ask for them', () => {
    const segments = {
      beta: {
        included: ['ada'],
        excluded: ['eve'],
        rules: [{ clauses: [clause('endsWith', ['@acme.com'])] }],
      },
    };
    const conversion = convert({ a: withClauses({ op: 'segmentMatch', values: ['beta'] }) }, segments);
    const evaluate = evaluationOf(conversion);
    const emails = { email: 'x@acme.com' };
    expect(evaluate('a', { key: 'ada' })).toBe(true);
    expect(evaluate('a', { key: 'eve', ...emails })).toBe(false);
    expect([evaluate('a', { key: 'bob', ...emails }), evaluate('a', { key: 'bob' })]).toEqual([true, false]);
  });

  it.each<[string, object, RegExp]>([
    ['prerequisites', flag({ prerequisites: [{ key: 'b', variation: 0 }] }), /prerequisites/],
    ['a segment that is not there', withClauses({ op: 'segmentMatch', values: ['gone'] }), /segment gone/],
    ['an unknown operator', withClauses(clause('near', ['x'])), /operator near/],
    [
      'a part of an attribute',
      withClauses(clause('in', ['x'], { attribute: '/address/city' })),
      /part of another/,
    ],
    ['an expression that not every SDK has', withClauses(clause('matches', ['(?=x)'])), /RE2/],
    ['a variation that it does not have', flag({ fallthrough: { variation: 7 } }), /variation 7/],
  ])('a flag of LaunchDarkly with %s is left out with the reason', (_, given, reason) => {
    expect(leftOut(convert({ a: given }), 'a')).toMatch(reason);
  });

  it('segments with a percentage or with members elsewhere are left out, and flags with them', () => {
    const segments = { big: { unbounded: true }, part: { rules: [{ clauses: [], weight: 10_000 }] } };
    const conversion = convert({ a: withClauses({ op: 'segmentMatch', values: ['big'] }) }, segments);
    expect(leftOut(conversion, 'segment.big')).toMatch(/elsewhere/);
    expect(leftOut(conversion, 'segment.part')).toMatch(/percentage/);
    expect(leftOut(conversion, 'a')).toMatch(/segment big/);
  });
});

describe('launchdarkly: the file of a file source', () => {
  it('values of flagValues are flags that everyone has, next to flags or without them', () => {
    const values = { a: true, b: 'x', c: 3 };
    const conversion = convertFlags('launchdarkly', JSON.stringify({ flagValues: values }));
    const evaluate = evaluationOf(conversion);
    expect(Object.keys(values).map((key) => evaluate(key))).toEqual([true, 'x', 3]);
    const both = convertFlags('launchdarkly', JSON.stringify({ flags: { d: flag() }, flagValues: values }));
    expect(both.configs.map(({ key }) => key)).toEqual(['d', 'a', 'b', 'c']);
  });

  it('a flag that is in flags and in flagValues is left out', () => {
    const file = JSON.stringify({ flags: { a: flag() }, flagValues: { a: true } });
    const conversion = convertFlags('launchdarkly', file);
    expect(leftOut(conversion, 'a')).toMatch(/in flagValues/);
  });
});
