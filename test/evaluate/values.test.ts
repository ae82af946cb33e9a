import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/evaluate/result.js';
import type { ConfigValue } from '../../src/ruleset/model.js';
import { constant, evaluate } from './rulesets.js';

function read(valueType: string, value: ConfigValue): Value | undefined {
  const evaluation = evaluate([constant(valueType, value)], new Map());
  return evaluation.kind === 'resolved' ? evaluation.value : undefined;
}

it.each<[string, ConfigValue, Value]>([
  ['BOOL', { bool: false }, { kind: 'bool', value: false }],
  ['INT', { int: '-5' }, { kind: 'int', value: -5 }],
  ['INT', { int: '9007199254740991' }, { kind: 'int', value: 9007199254740991 }],
  ['INT', { int: '9007199254740992' }, { kind: 'int', value: 9007199254740992n }],
  ['INT', { int: '-9223372036854775808' }, { kind: 'int', value: -9223372036854775808n }],
  ['DOUBLE', { double: 0.5 }, { kind: 'double', value: 0.5 }],
  ['DOUBLE', { double: 'NaN' }, { kind: 'double', value: NaN }],
  ['DOUBLE', { double: '-Infinity' }, { kind: 'double', value: -Infinity }],
  ['STRING', { string: '' }, { kind: 'string', value: '' }],
  ['STRING_LIST', { stringList: { values: ['a', 'b'] } }, { kind: 'stringList', value: ['a', 'b'] }],
  ['STRING_LIST', { stringList: {} }, { kind: 'stringList', value: [] }],
  ['LOG_LEVEL', { logLevel: 'FATAL' }, { kind: 'logLevel', value: 'FATAL' }],
  [
    'DURATION',
    { duration: { definition: 'PT90S' } },
    { kind: 'duration', definition: 'PT90S', milliseconds: 90_000 },
  ],
  ['JSON', { json: { json: '{"a": [1]}' } }, { kind: 'json', value: { a: [1] }, text: '{"a": [1]}' }],
  ['JSON', { json: { json: 'null' } }, { kind: 'json', value: null, text: 'null' }],
])('a value of type %s: %o', (valueType, value, expected) => {
  expect(read(valueType, value)).toEqual(expected);
});

it.each([
  ['P1D', 86_400_000],
  ['P1DT2H3M4.5S', 93_784_500],
  ['PT0.25S', 250],
  ['P0.5D', 43_200_000],
  ['PT1.5H', 5_400_000],
  ['PT2M', 120_000],
  ['PT0S', 0],
])('the duration %s is %i milliseconds', (definition, milliseconds) => {
  expect(read('DURATION', { duration: { definition } })).toMatchObject({ milliseconds });
});

it('reports a log level that is not set as unreadable', () => {
  expect(read('LOG_LEVEL', { logLevel: 'NOT_SET_LOG_LEVEL' })).toBeUndefined();
});

describe('a shared value', () => {
  const json = (text: string) => {
    const value = read('JSON', { json: { json: text } });
    if (value?.kind !== 'json') throw new Error('no JSON was read');
    return value;
  };

  it('a shared value is frozen deeply', () => {
    const parsed = json('{"a": [{"b": 1}]}').value as { a: { b: number }[] };
    expect(() => (parsed.a[0]!.b = 2)).toThrow(TypeError);
    const list = read('STRING_LIST', { stringList: { values: ['a'] } }) as { value: string[] };
    expect(() => list.value.push('b')).toThrow(TypeError);
  });

  it('a shared value parses JSON text once', () => {
    const value = json('{"a": 1}');
    expect(value.value).toBe(value.value);
  });

  it('a shared value parses lists in lists as deep as a config can hold', () => {
    expect(json('['.repeat(20_000) + ']'.repeat(20_000)).value).toHaveLength(1);
  });
});
