/** Flags of flagd, against the evaluations that its documentation gives for such flags. */
import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';

const convert = (flags: object, more: object = {}) =>
  convertFlags('flagd', JSON.stringify({ flags, ...more }));

/** A flag with the variants on and off, and that targeting. */
const flag = (targeting: unknown, more: object = {}) => ({
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting,
  ...more,
});

/** The value of a flag with that condition, for attributes of a user. */
function holds(condition: unknown, user: Parameters<ReturnType<typeof evaluationOf>>[1]): unknown {
  return evaluationOf(convert({ a: flag({ if: [condition, 'on', 'off'] }) }))('a', user);
}

describe('flagd: flags without targeting', () => {
  it('a flag of flagd without targeting has its default variant, of every type', () => {
    const of = (variants: object, defaultVariant: string) => ({ state: 'ENABLED', variants, defaultVariant });
    const evaluate = evaluationOf(
      convert({
        bool: of({ on: true, off: false }, 'on'),
        text: of({ hi: 'hello', bye: 'goodbye' }, 'hi'),
        int: of({ one: 1, ten: 10 }, 'ten'),
        double: of({ half: 0.5, one: 1 }, 'one'),
        json: of({ empty: {}, full: { a: [1] } }, 'full'),
      }),
    );
    expect(['bool', 'text', 'int', 'double'].map((key) => evaluate(key))).toEqual([true, 'hello', 10, 1]);
    expect(evaluate('json')).toEqual({ a: [1] });
  });

  it('a flag of flagd that is disabled, or has neither targeting nor a default, is left out', () => {
    const conversion = convert({
      off: flag(undefined, { state: 'DISABLED' }),
      none: { state: 'ENABLED', variants: { on: true }, defaultVariant: null },
    });
    expect(leftOut(conversion, 'off')).toMatch(/disabled/);
    expect(leftOut(conversion, 'none')).toMatch(/no value otherwise/);
  });

  it('flags of flagd in a list are converted too', () => {
    const conversion = convertFlags('flagd', JSON.stringify({ flags: [{ key: 'a', ...flag({}) }] }));
    expect(evaluationOf(conversion)('a')).toBe(false);
  });

  it('a file that is not of flagd is an error that says so', () => {
    expect(() => convertFlags('flagd', '[]')).toThrow(/The file must be an object/);
    expect(() => convertFlags('flagd', '{"a": 1}')).toThrow(/flags must be an object/);
    expect(() => convertFlags('flagd', '{"a": [}')).toThrow(/neither JSON nor YAML/);
  });
});

describe('flagd: conditions', () => {
  const email = { var: 'email' };
  it.each<[string, unknown, Parameters<typeof holds>[1], boolean]>([
    ['== that holds', { '==': [email, 'a@faas.com'] }, { email: 'a@faas.com' }, true],
    ['== with the constant first', { '==': ['a@faas.com', email] }, { email: 'a@faas.com' }, true],
    ['== of another value', { '==': [email, 'a@faas.com'] }, { email: 'b@faas.com' }, false],
    ['== of an absent attribute', { '==': [email, 'a@faas.com'] }, {}, false],
    ['!= of an absent attribute', { '!=': [email, 'a@faas.com'] }, {}, true],
    ['in a list', { in: [{ var: 'locale' }, ['us', 'ca']] }, { locale: 'ca' }, true],
    ['in a text', { in: ['@faas.com', email] }, { email: 'user@faas.com' }, true],
    ['in a text that lacks it', { in: ['@faas.com', email] }, { email: 'user@x.com' }, false],
    ['starts_with', { starts_with: [email, 'user@faas'] }, { email: 'user@faas.com' }, true],
    ['ends_with', { ends_with: [email, '@faas.com'] }, { email: 'user@faas.com' }, true],
    ['ends_with of another end', { ends_with: [email, '@faas.com'] }, { email: 'user@test.com' }, false],
    ['sem_ver >= of the same', { sem_ver: [{ var: 'version' }, '>=', '1.0.0'] }, { version: '1.0.0' }, true],
    [
      'sem_ver >= of an older one',
      { sem_ver: [{ var: 'version' }, '>=', '1.0.0'] },
      { version: '0.9.9' },
      false,
    ],
    [
      'sem_ver ^ of the same major',
      { sem_ver: [{ var: 'version' }, '^', '1.2.3'] },
      { version: '1.9.0' },
      true,
    ],
    [
      'sem_ver ^ of the next major',
      { sem_ver: [{ var: 'version' }, '^', '1.2.3'] },
      { version: '2.0.0-a' },
      false,
    ],
    [
      'sem_ver ~ of the same minor',
      { sem_ver: [{ var: 'version' }, '~', '1.2.3'] },
      { version: '1.2.0' },
      true,
    ],
    [
      'sem_ver ~ of another minor',
      { sem_ver: [{ var: 'version' }, '~', '1.2.3'] },
      { version: '1.3.0' },
      false,
    ],
    ['<= of a number', { '<=': [{ var: 'age' }, 18] }, { age: 18 }, true],
    ['a number before >', { '>': [18, { var: 'age' }] }, { age: 17 }, true],
    ['a range of numbers', { '<': [10, { var: 'age' }, 20] }, { age: 20 }, false],
    ['the targeting key', { '==': [{ var: 'targetingKey' }, 'ada'] }, { key: 'ada' }, true],
    [
      'and',
      { and: [{ ends_with: [email, '@a'] }, { '==': [{ var: 'plan' }, 'pro'] }] },
      { email: 'x@a', plan: 'pro' },
      true,
    ],
    ['or', { or: [{ ends_with: [email, '@a'] }, { '==': [{ var: 'plan' }, 'pro'] }] }, { plan: 'pro' }, true],
    [
      'not of or',
      { '!': [{ or: [{ ends_with: [email, '@a'] }, { '==': [{ var: 'plan' }, 'pro'] }] }] },
      { plan: 'x' },
      true,
    ],
    [
      'not of or, of which one holds',
      { '!': { or: [{ ends_with: [email, '@a'] }, { '==': [{ var: 'plan' }, 'pro'] }] } },
      { plan: 'pro' },
      false,
    ],
    [
      'and of ors',
      {
        and: [
          { or: [{ '==': [email, 'a'] }, { '==': [email, 'b'] }] },
          { or: [{ '==': [{ var: 'plan' }, 'x'] }, { '==': [{ var: 'plan' }, 'y'] }] },
        ],
      },
      { email: 'b', plan: 'y' },
      true,
    ],
  ])('the condition of flagd %s is converted', (_, condition, user, expected) => {
    expect(holds(condition, user)).toBe(expected);
  });

  it('if with several branches and no else gives the default variant', () => {
    const variants = { red: '#f00', blue: '#00f', green: '#0f0' };
    const targeting = {
      if: [{ in: ['@faas.com', email] }, 'red', { '==': [{ var: 'plan' }, 'pro'] }, 'blue'],
    };
    const evaluate = evaluationOf(convert({ a: { ...flag(targeting), variants, defaultVariant: 'green' } }));
    expect(evaluate('a', { email: 'x@faas.com', plan: 'pro' })).toBe('#f00');
    expect(evaluate('a', { plan: 'pro' })).toBe('#00f');
    expect(evaluate('a')).toBe('#0f0');
  });

  it('if inside of a branch that has no result gives the default variant, not the next branch', () => {
    const inner = { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on'] };
    const evaluate = evaluationOf(convert({ a: flag({ if: [{ ends_with: [email, '@a'] }, inner, 'on'] }) }));
    expect(evaluate('a', { email: 'x@a', plan: 'pro' })).toBe(true);
    expect(evaluate('a', { email: 'x@a' })).toBe(false);
    expect(evaluate('a', { email: 'x@b' })).toBe(true);
  });

  it('a condition alone names the variants true and false', () => {
    const variants = { true: 'yes', false: 'no' };
    const evaluate = evaluationOf(
      convert({ a: { ...flag({ '==': [email, 'a'] }), variants, defaultVariant: 'false' } }),
    );
    expect([evaluate('a', { email: 'a' }), evaluate('a')]).toEqual(['yes', 'no']);
  });

  it('$ref leads to a shared evaluator', () => {
    const $evaluators = { staff: { ends_with: [email, '@faas.com'] } };
    const evaluate = evaluationOf(convert({ a: flag({ if: [{ $ref: 'staff' }, 'on'] }) }, { $evaluators }));
    expect([evaluate('a', { email: 'x@faas.com' }), evaluate('a')]).toEqual([true, false]);
  });
});

describe('flagd: fractional', () => {
  const variants = { red: 'r', blue: 'b', green: 'g' };
  const colours = (fractional: unknown) =>
    convert({ a: { ...flag({ fractional }), variants, defaultVariant: 'red' } });

  it('fractional keeps the size of its shares and says that users move', () => {
    const conversion = colours([{ var: 'email' }, ['red', 50], ['blue', 20], ['green', 30]]);
    expect(findingsOf(conversion)).toEqual(['a moves']);
    expect(conversion.findings[0]!.reason).toContain('user.email');
    const evaluate = evaluationOf(conversion);
    const values = Array.from({ length: 2_000 }, (_, i) => evaluate('a', { email: `u${i}@x` }));
    expect(values.filter((each) => each === 'r').length / 2_000).toBeCloseTo(0.5, 1);
    expect(values.filter((each) => each === 'b').length / 2_000).toBeCloseTo(0.2, 1);
  });

  it('fractional without an attribute hashes the targeting key, and a share without a weight has 1', () => {
    const conversion = colours([['red'], ['blue', 1]]);
    expect(shareOf(evaluationOf(conversion), 'a', 'r')).toBeCloseTo(0.5, 1);
    expect(conversion.findings[0]!.reason).toContain('user.key');
  });

  it('fractional with the key of the flag and an attribute hashes that, and with another seed differs', () => {
    const own = colours([{ cat: [{ var: '$flagd.flagKey' }, { var: 'email' }] }, ['red', 1], ['blue', 1]]);
    const shared = colours([{ cat: ['seed', { var: 'email' }] }, ['red', 1], ['blue', 1]]);
    expect([findingsOf(own), findingsOf(shared)]).toEqual([['a moves'], ['a differs', 'a moves']]);
  });

  it('fractional of 100 % for one variant is that variant', () => {
    const conversion = colours([
      ['red', 0],
      ['blue', 100],
    ]);
    expect([findingsOf(conversion), evaluationOf(conversion)('a')]).toEqual([[], 'b']);
  });
});

describe('flagd: what has no form', () => {
  it.each<[string, unknown, RegExp]>([
    ['an attribute as a condition', { if: [{ var: 'beta' }, 'on'] }, /truth of/],
    ['arithmetic', { if: [{ '==': [{ '%': [{ var: 'n' }, 2] }, 0] }, 'on'] }, /only an attribute/],
    [
      'the time of the evaluator',
      { if: [{ '>': [{ var: '$flagd.timestamp' }, 1] }, 'on'] },
      /value of the evaluator/,
    ],
    ['an attribute with a default', { if: [{ '==': [{ var: ['a', 'x'] }, 'x'] }, 'on'] }, /has a default/],
    ['the opposite of a size', { if: [{ '!': { '>': [{ var: 'n' }, 1] } }, 'on'] }, /opposite/],
    ['a variant that is none', { if: [{ '==': [{ var: 'a' }, 'x'] }, 'purple'] }, /no variant/],
    ['an unknown operation', { if: [{ some: [{ var: 'list' }, true] }, 'on'] }, /some has no form/],
    ['a version that is none', { if: [{ sem_ver: [{ var: 'v' }, '>', '1.x'] }, 'on'] }, /no full version/],
    ['an empty text', { if: [{ '==': [{ var: 'a' }, ''] }, 'on'] }, /empty text/],
    ['null', { if: [{ '==': [{ var: 'a' }, null] }, 'on'] }, /null/],
    ['a $ref to nothing', { if: [{ $ref: 'x' }, 'on'] }, /leads nowhere/],
  ])('a flag of flagd with %s is left out with the reason', (_, targeting, reason) => {
    expect(leftOut(convert({ a: flag(targeting) }), 'a')).toMatch(reason);
  });

  it('conditions that would become too many rules leave their flag out', () => {
    const pair = (i: number) => ({
      or: [{ '==': [{ var: `a${i}` }, '1'] }, { '==': [{ var: `b${i}` }, '1'] }],
    });
    const condition = { and: Array.from({ length: 12 }, (_, i) => pair(i)) };
    expect(leftOut(convert({ a: flag({ if: [condition, 'on'] }) }), 'a')).toMatch(/more than 200 rules/);
  });
});
