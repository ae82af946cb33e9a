import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, contextsOf, type Contexts } from '../../src/evaluate/contexts.js';
import { contextsOf as contexts } from './rulesets.js';
import { wildContexts } from './wild.js';

describe('the canonical text of contexts', () => {
  it('the canonical text of contexts is independent of the order of types and properties', () => {
    const reversed = (given: Contexts): Contexts =>
      new Map([...given].reverse().map(([type, context]) => [type, new Map([...context].reverse())]));
    fc.assert(fc.property(wildContexts, (given) => canonical(given) === canonical(reversed(given))));
  });

  it('the canonical text of contexts is equal for equal contexts only', () => {
    fc.assert(
      fc.property(wildContexts, wildContexts, (a, b) => {
        expect(canonical(a) === canonical(b)).toBe(deepEqual(a, b));
      }),
    );
  });

  it.each<[string, Contexts, Contexts]>([
    ['a text and a number', contexts({ user: { x: '1' } }), contexts({ user: { x: 1 } })],
    ['a text and a boolean', contexts({ user: { x: 'true' } }), contexts({ user: { x: true } })],
    ['a text and a list', contexts({ user: { x: 'a' } }), contexts({ user: { x: ['a'] } })],
    ['lists in another order', contexts({ user: { x: ['a', 'b'] } }), contexts({ user: { x: ['b', 'a'] } })],
    ['a type without properties and none', contexts({ user: {} }), contexts({})],
    ['types', contexts({ user: { x: 1 } }), contexts({ team: { x: 1 } })],
    ['quotes and commas', contexts({ user: { x: 'a","y":"b' } }), contexts({ user: { x: 'a', y: 'b' } })],
    [
      'large integers',
      contexts({ user: { x: 9007199254740993n } }),
      contexts({ user: { x: 9007199254740992 } }),
    ],
    ['halves of surrogate pairs', contexts({ user: { x: '\ud800' } }), contexts({ user: { x: '\ud801' } })],
  ])('the canonical text of contexts tells %s apart', (_, a, b) => {
    expect(canonical(a)).not.toBe(canonical(b));
  });

  it('the canonical text of contexts is equal for values that no rule can tell apart', () => {
    expect(canonical(contexts({ user: { x: 1n } }))).toBe(canonical(contexts({ user: { x: 1 } })));
    expect(canonical(contexts({ user: { x: -0 } }))).toBe(canonical(contexts({ user: { x: 0 } })));
  });
});

function deepEqual(a: Contexts, b: Contexts): boolean {
  const same = (x: unknown, y: unknown) =>
    Array.isArray(x) && Array.isArray(y)
      ? x.length === y.length && x.every((each, index) => each === y[index])
      : x === y ||
        (typeof x !== 'string' &&
          typeof y !== 'string' &&
          String(x) === String(y) &&
          typeof x !== 'object' &&
          typeof y !== 'object');
  return (
    a.size === b.size &&
    [...a].every(([type, context]) => {
      const other = b.get(type);
      return (
        other?.size === context.size &&
        [...context].every(([name, value]) => other.has(name) && same(value, other.get(name)))
      );
    })
  );
}

describe('contexts from protobuf', () => {
  it('keeps values of the kinds that contexts have', () => {
    const values = {
      text: { string: 'a' },
      whole: { int: '5' },
      large: { int: '9007199254740993' },
      broken: { double: 0.5 },
      yes: { bool: true },
      list: { stringList: { values: ['a'] } },
      none: { stringList: {} },
      level: { logLevel: 'INFO' },
      bytes: { bytes: 'AAAA' },
    };
    expect(contextsOf({ contexts: [{ type: 'user', values }] })).toEqual(
      contexts({
        user: {
          text: 'a',
          whole: 5,
          large: 9007199254740993n,
          broken: 0.5,
          yes: true,
          list: ['a'],
          none: [],
        },
      }),
    );
  });

  it('takes the last of two contexts of one type', () => {
    const twice = ['a', 'b'].map((string) => ({ type: 'user', values: { [string]: { string } } }));
    expect(contextsOf({ contexts: twice })).toEqual(contexts({ user: { b: 'b' } }));
  });

  it('gives contexts without a type the empty type', () => {
    expect(contextsOf({ contexts: [{ values: { a: { bool: true } } }] })).toEqual(
      contexts({ '': { a: true } }),
    );
  });
});
