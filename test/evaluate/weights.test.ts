import { describe, expect, it } from 'vitest';
import type { ContextValue } from '../../src/evaluate/contexts.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { contextsOf, evaluate, NOW, outcome, rulesetOf, userWith } from './rulesets.js';

interface Variant {
  readonly weight?: number;
  readonly value: ConfigValue;
}

const int = (weight: number, value: number): Variant => ({ weight, value: { int: `${value}` } });

function weighted(variants: Variant[], hashBy?: string, key = 'a'): Config {
  const hash = hashBy === undefined ? {} : { hashByPropertyName: hashBy };
  const value = { weightedValues: { weightedValues: variants, ...hash } };
  return { key, configType: 'FEATURE_FLAG', valueType: 'INT', rows: [{ values: [{ value }] }] };
}

/** The value that a random number chooses. */
function byRandom(variants: Variant[], random: number): unknown {
  return outcome(evaluate([weighted(variants)], new Map(), { ...NOW, random: () => random }));
}

/**
 * The value that the hash of a property chooses, of a thousand variants, so that another hash
 * shows.
 */
function byProperty(value: ContextValue, key = 'a'): unknown {
  const variants = Array.from({ length: 1000 }, (_, index) => int(1, index));
  const evaluator = new Evaluator(rulesetOf([weighted(variants, 'user.x', key)]));
  return outcome(evaluator.evaluate(key, userWith(value), NOW));
}

it.each([
  ['a72c15f5', 1, 0],
  ['8f414100', 3, 1],
  ['92a202f2', 2, 2],
])('the vectors of the public SDKs: %s is given %i, the variant %i', (id, value, variant) => {
  const key = 'feature-flag.weighted';
  const config = weighted([int(1000, 1), int(2000, 3), int(97000, 2)], 'user.tracking_id', key);
  const evaluator = new Evaluator(rulesetOf([config]));
  const evaluation = evaluator.evaluate(key, contextsOf({ user: { tracking_id: id } }), NOW);
  expect(evaluation).toMatchObject({ kind: 'resolved', value: { value }, weighted: variant });
});

describe('weights', () => {
  it('weights give each variant its part of the range, the first from 0 on', () => {
    const variants = [int(250, 1), int(0, 2), int(750, 3)];
    expect([0, 0.2499, 0.25, 0.9999].map((random) => byRandom(variants, random))).toEqual([1, 1, 3, 3]);
  });

  it('weights need not add up to 1000', () => {
    const variants = [int(1, 1), int(2, 2)];
    expect([0.33, 0.34].map((random) => byRandom(variants, random))).toEqual([1, 2]);
  });

  it('choose the last variant when all weights are 0', () => {
    expect(byRandom([int(0, 1), int(0, 2)], 0)).toBe(2);
  });

  it('result in an unreadable value without variants', () => {
    expect(byRandom([], 0.5)).toBe('unreadable');
  });

  it('choose the last variant for the largest hash', () => {
    expect(byRandom([int(1, 1), int(1, 2)], 1.0000000002)).toBe(2);
  });

  it('weights never choose a first variant of weight 0', () => {
    expect(byRandom([int(0, 1), int(1, 2)], 0)).toBe(2);
  });
});

describe('the property that is hashed', () => {
  it('the property that is hashed hashes the key followed by the property', () => {
    expect(byProperty('b', 'a')).not.toBe(byProperty('b', 'c'));
    expect(byProperty('c', 'ab')).toBe(byProperty('bc', 'a'));
  });

  it('the property that is hashed hashes the text of the property: true for a boolean, no fraction for a whole number', () => {
    expect(byProperty(true)).toBe(byProperty('true'));
    expect(byProperty(false)).toBe(byProperty('false'));
    expect(byProperty(3.0)).toBe(byProperty('3'));
    expect(byProperty(9007199254740993n)).toBe(byProperty('9007199254740993'));
    expect(byProperty(['x', 'y'])).toBe(byProperty('x,y'));
  });

  it('the property that is hashed hashes the UTF-8 bytes of the text', () => {
    // MurmurHash3 of the bytes 61 c3 a9 is 52038863.
    expect(byProperty('é')).toBe(Math.floor((52038863 / 4294967294) * 1000));
  });

  it('the property that is hashed hashes an empty text as a value', () => {
    // MurmurHash3 of `a` is 1009084850.
    expect(byProperty('')).toBe(Math.floor((1009084850 / 4294967294) * 1000));
  });

  it.each([
    ['is absent', 'user.x', userWith(undefined)],
    ['is not named', undefined, userWith('b')],
  ])(
    'the property that is hashed uses the random number of the key when the hashed property %s',
    (_, hashBy, contexts) => {
      const config = weighted([int(1, 1), int(1, 2)], hashBy);
      const asked: string[] = [];
      const random = (key: string) => {
        asked.push(key);
        return 0.9;
      };
      expect(outcome(evaluate([config], contexts, { ...NOW, random }))).toBe(2);
      expect(asked).toEqual(['a']);
    },
  );
});

it("withholds only the variants that an SDK's machine has", () => {
  const variants = [int(1, 1), { weight: 1, value: { provided: { source: 'ENV_VAR', lookup: 'A' } } }];
  expect([0, 0.9].map((random) => byRandom(variants, random))).toEqual([1, 'withheld']);
});

it('reports a variant with weights of its own as unreadable', () => {
  const inner = { weightedValues: { weightedValues: [int(1, 1)] } };
  expect(byRandom([{ weight: 1, value: inner }], 0)).toBe('unreadable');
});
