import { describe, expect, it } from 'vitest';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { evaluateFor } from '../../src/client/evaluate.js';
import { readContexts, type PlainContexts } from '../../src/client/contexts.js';
import { merge, readMessage } from '../../src/client/message.js';
import { isLike } from '../../src/client/values.js';
import { configs, ENVIRONMENT } from './fake-source.js';

function evaluatorOf(...list: Config[]): Evaluator {
  return new Evaluator(merge(undefined, readMessage(configs(list)), 99n, ENVIRONMENT).ruleset);
}

function config(valueType: string, value: ConfigValue): Config {
  return { id: '5', key: 'k', configType: 'CONFIG', valueType, rows: [{ values: [{ value }] }] };
}

const evaluated = (given: Config, ...contexts: (PlainContexts | undefined)[]) =>
  evaluateFor(evaluatorOf(given), 'k', contexts, 0);

describe('a value', () => {
  it.each<[string, ConfigValue, unknown]>([
    ['BOOL', { bool: true }, true],
    ['INT', { int: '42' }, 42],
    ['INT', { int: '9007199254740993' }, 9007199254740993n],
    ['DOUBLE', { double: 0.5 }, 0.5],
    ['STRING', { string: 'x' }, 'x'],
    ['STRING_LIST', { stringList: { values: ['a', 'b'] } }, ['a', 'b']],
    ['JSON', { json: { json: '{"a":[1,null]}' } }, { a: [1, null] }],
    ['DURATION', { duration: { definition: 'PT1M30S' } }, 90_000],
    ['LOG_LEVEL', { logLevel: 'INFO' }, 'INFO'],
  ])('a value of type %s is plain', (valueType, value, expected) => {
    expect(evaluated(config(valueType, value))).toMatchObject({ value: expected, reason: 'STATIC', id: '5' });
  });

  it('a value that is JSON or a list cannot be changed by one caller for the others', () => {
    const { value } = evaluated(config('JSON', { json: { json: '{"a":{"b":[1]}}' } }));
    expect(() => ((value as { a: { b: number[] } }).a.b[0] = 2)).toThrow(TypeError);
    const list = evaluated(config('STRING_LIST', { stringList: { values: ['a'] } })).value as string[];
    expect(() => list.push('b')).toThrow(TypeError);
  });

  it.each<[string, Config, string]>([
    [
      'is of an environment variable',
      config('STRING', { provided: { source: 'ENV_VAR', lookup: 'X' } }),
      'withheld',
    ],
    ['is encrypted', config('STRING', { string: 'x', decryptWith: 'secret' }), 'withheld'],
    [
      'is for no context',
      { ...config('BOOL', {}), rows: [{ projectEnvId: '8', values: [{ value: { bool: true } }] }] },
      'unmatched',
    ],
    ['has another key', { id: '5', key: 'other', configType: 'CONFIG' }, 'missing'],
    ['is of bytes', config('BYTES', { bytes: 'AAAA' }), 'unreadable'],
  ])('a value is none when it %s', (_, given, reason) => {
    expect(evaluated(given)).toMatchObject({ value: undefined, reason });
  });

  it('a value is none before there is a ruleset', () => {
    expect(evaluateFor(undefined, 'k', [], 0)).toMatchObject({ value: undefined, reason: 'not ready' });
  });

  it('a value is none when the contexts throw', () => {
    const hostile = {
      get user(): never {
        throw new Error('no');
      },
    };
    expect(evaluated(config('BOOL', { bool: true }), hostile)).toMatchObject({
      reason: 'error',
      error: 'no',
    });
  });
});

describe('contexts', () => {
  const rule: Config = {
    ...config('BOOL', { bool: false }),
    rows: [
      {
        values: [
          {
            criteria: [
              {
                propertyName: 'user.plan',
                operator: 'PROP_IS_ONE_OF',
                valueToMatch: { stringList: { values: ['pro'] } },
              },
            ],
            value: { bool: true },
          },
          { value: { bool: false } },
        ],
      },
    ],
  };

  it('decide by type and property', () => {
    expect(evaluated(rule, { user: { plan: 'pro' } }).value).toBe(true);
    expect(evaluated(rule, { user: { plan: 'free' } }).value).toBe(false);
    expect(evaluated(rule, undefined).value).toBe(false);
  });

  it('contexts of the call replace those of the client by type', () => {
    expect(evaluated(rule, { user: { plan: 'pro' } }, { device: { mobile: true } }).value).toBe(true);
    expect(evaluated(rule, { user: { plan: 'pro' } }, { user: { key: 'u1' } }).value).toBe(false);
  });

  it('contexts are read from plain objects', () => {
    const date = new Date(1_700_000_000_000);
    const read = readContexts({
      user: { key: 'u1', age: 7, big: 2n ** 60n, admin: false, since: date, tags: ['a', 1], none: null },
      '': { plain: undefined },
    });
    expect(read).toEqual(
      new Map([
        [
          'user',
          new Map<string, unknown>([
            ['key', 'u1'],
            ['age', 7],
            ['big', 2n ** 60n],
            ['admin', false],
            ['since', 1_700_000_000_000],
            ['tags', ['a', '1']],
          ]),
        ],
        ['', new Map()],
      ]),
    );
  });

  it('contexts that are no contexts are left out', () => {
    const odd = { user: 'u1', device: null, tree: { branch: { leaf: 1 } } } as unknown as PlainContexts;
    expect(readContexts(odd)).toEqual(new Map([['tree', new Map()]]));
  });
});

describe('a default', () => {
  it.each([
    [true, false, true],
    ['true', false, false],
    [1, 2, true],
    [2n ** 60n, 2, false],
    [['a'], ['b'], true],
    [{ a: 1 }, ['b'], false],
    ['a', ['b'], false],
    [{ a: 1 }, { b: 1 }, true],
    ['a', null, true],
    [null, { a: 1 }, true],
  ])('case %#: value %s in place of %s: %s', (value, fallback, expected) => {
    expect(isLike(value, fallback)).toBe(expected);
  });
});
