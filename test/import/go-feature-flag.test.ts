/** Flags of go-feature-flag, against the evaluations that its documentation gives for such flags. */
import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';

const convert = (yaml: string) => convertFlags('go-feature-flag', yaml);

/** A flag with one query. */
const withQuery = (query: string) =>
  convertFlags(
    'go-feature-flag',
    JSON.stringify({
      a: {
        variations: { on: true, off: false },
        targeting: [{ query, variation: 'on' }],
        defaultRule: { variation: 'off' },
      },
    }),
  );

describe('go-feature-flag: rules', () => {
  it('the first rule whose query holds decides, else the default rule', () => {
    const conversion = convert(`
new-admin-access:
  variations:
    default_var: false
    false_var: false
    true_var: true
  targeting:
    - name: staff
      query: key eq "785a14bf"
      percentage: { false_var: 0, true_var: 100 }
    - query: beta == true
      variation: true_var
    - query: age ge 18
      variation: true_var
      disable: true
  defaultRule:
    variation: default_var
`);
    const evaluate = evaluationOf(conversion);
    expect(evaluate('new-admin-access', { key: '785a14bf' })).toBe(true);
    expect(evaluate('new-admin-access', { beta: true })).toBe(true);
    expect(evaluate('new-admin-access', { age: 20 })).toBe(false);
    // Once for the case of a text, once for the type of a boolean.
    expect(findingsOf(conversion)).toEqual(['new-admin-access differs', 'new-admin-access differs']);
  });

  it('percentages keep their size and hash the key, or the property that bucketingKey names', () => {
    const conversion = convert(`
a: { variations: { A: "a", B: "b" }, defaultRule: { percentage: { A: 12.5, B: 87.5 } } }
b: { variations: { A: "a", B: "b" }, bucketingKey: team, defaultRule: { percentage: { A: 50, B: 50 } } }
`);
    const evaluate = evaluationOf(conversion);
    expect(shareOf(evaluate, 'a', 'a')).toBeCloseTo(0.125, 1);
    expect([0, 1]).toContain(shareOf(evaluate, 'b', 'a', { team: 'x' }));
    const moves = conversion.findings.filter(({ kind }) => kind === 'moves');
    expect(moves.map(({ reason }) => /user\.\w+/.exec(reason)?.[0])).toEqual(['user.key', 'user.team']);
    expect(findingsOf(conversion)).toEqual(['a moves', 'b differs', 'b moves']);
  });
});

describe('go-feature-flag: queries', () => {
  it.each<[string, Parameters<ReturnType<typeof evaluationOf>>[1], boolean]>([
    ['email ew "@acme.com"', { email: 'a@acme.com' }, true],
    ['email ew "@acme.com"', { email: 'a@acme.org' }, false],
    ['email sw "a@"', { email: 'a@acme.com' }, true],
    ['email co "acme"', { email: 'a@acme.com' }, true],
    ['email EQ "a" or email == "b"', { email: 'b' }, true],
    ['email ne "a"', { email: 'a' }, false],
    ['key in ["a", "b"]', { key: 'b' }, true],
    ['n IN [1, 2, 3]', { n: 2 }, true],
    ['not (key in ["a", "b"])', { key: 'b' }, false],
    ['age > 17 and age le 20', { age: 20 }, true],
    ['version ge 1.2.3', { version: '1.10.0' }, true],
    ['version lt 1.2.3', { version: '1.10.0' }, false],
    ['anonymous eq false', { anonymous: false }, true],
    ['(a eq "1" or b eq "1") and (c eq "1")', { b: '1', c: '1' }, true],
    ['{"==": [{"var": "email"}, "a"]}', { email: 'a' }, true],
  ])('the query %s holds as in go-feature-flag (%j)', (query, user, expected) => {
    expect(evaluationOf(withQuery(query))('a', user)).toBe(expected);
  });

  it('a query of a nested attribute reads the context of that type', () => {
    const [config] = withQuery('company.plan eq "pro"').configs;
    expect(config?.rows?.[0]?.values?.[0]?.criteria?.[0]?.propertyName).toBe('company.plan');
  });

  it('a query with text says that case matters now, and one without letters does not', () => {
    expect(findingsOf(withQuery('email eq "a"'))).toEqual(['a differs']);
    expect(findingsOf(withQuery('age ge 18'))).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ['email pr', /is present/],
    ['email zz "a"', /unknown operator zz/],
    ['email eq', /ends where a value/],
    ['(email eq "a"', /lacks a \)/],
    ['email eq "a" email', /where it should end/],
    ['email gt "a"', /in size with a text/],
    ['not (age gt 1)', /opposite/],
    ['email eq §', /cannot be read/],
    [`${'('.repeat(60)}a eq 1${')'.repeat(60)}`, /nested too deep/],
  ])('the query %s leaves its flag out with the reason', (query, reason) => {
    expect(leftOut(withQuery(query), 'a')).toMatch(reason);
  });
});

describe('go-feature-flag: what has no form', () => {
  const base = 'variations: { on: true, off: false }';
  it.each([
    [
      'progressiveRollout',
      `defaultRule: { progressiveRollout: { initial: {}, end: {} } }`,
      /progressiveRollout/,
    ],
    [
      'scheduledRollout',
      `defaultRule: { variation: on }, scheduledRollout: [{ date: 2030-01-01 }]`,
      /scheduledRollout/,
    ],
    [
      'experimentation',
      `defaultRule: { variation: on }, experimentation: { start: 2030-01-01 }`,
      /experimentation/,
    ],
    ['disable', `defaultRule: { variation: on }, disable: true`, /disabled/],
    ['an unknown variation', `defaultRule: { variation: up }`, /no variation/],
  ])('a flag with %s is left out with the reason', (_, rest, reason) => {
    expect(leftOut(convert(`a: { ${base}, ${rest} }`), 'a')).toMatch(reason);
  });
});
