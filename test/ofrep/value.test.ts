/** Values as JSON text, names of variants, and what event streams say in ETags. */
import { describe, expect, it } from 'vitest';
import { clientPosition } from '../../src/ruleset/client-position.js';
import type { Value } from '../../src/evaluate/result.js';
import { etagOf, readFlagConfigEtag } from '../../src/ofrep/etag.js';
import { ofrepJsonOf, VARIANT_TEXT_MAX, variantOf } from '../../src/ofrep/value.js';

const string = (value: string): Value => ({ kind: 'string', value });
const json = (text: string): Value => ({ kind: 'json', text, value: JSON.parse(text) });

describe('a value as JSON', () => {
  it.each<[Value, string | undefined]>([
    [{ kind: 'int', value: -5 }, '-5'],
    [{ kind: 'int', value: 2n ** 62n }, '4611686018427387904'],
    [{ kind: 'double', value: 3 }, '3.0'],
    [{ kind: 'double', value: -3 }, '-3.0'],
    [{ kind: 'double', value: 0 }, '0.0'],
    [{ kind: 'double', value: -0 }, '-0.0'],
    [{ kind: 'double', value: 0.5 }, '0.5'],
    [{ kind: 'double', value: 2 ** 53 }, '9007199254740992.0'],
    [{ kind: 'double', value: 1e20 }, '100000000000000000000.0'],
    [{ kind: 'double', value: 1e21 }, '1e+21'],
    [{ kind: 'double', value: 5e-324 }, '5e-324'],
    [{ kind: 'double', value: NaN }, undefined],
    [{ kind: 'double', value: -Infinity }, undefined],
    [string('"\u2028\ud800'), '"\\"\u2028\\ud800"'],
    [json(' {"a" : 1.0} '), ' {"a" : 1.0} '],
    [json('null\n'), undefined],
  ])('%o is %s', (value, text) => {
    expect(ofrepJsonOf(value)).toBe(text);
    if (text !== undefined) expect(() => JSON.parse(text) as unknown).not.toThrow();
    if (text !== undefined && value.kind === 'double') expect(JSON.parse(text)).toBe(value.value);
  });
});

describe('the name of a variant', () => {
  it('the name of a variant is a text up to the limit, and beyond it, or of nothing, a digest', () => {
    const longest = 'x'.repeat(VARIANT_TEXT_MAX);
    expect(variantOf(string(longest))).toBe(longest);
    expect(variantOf(string(`${longest}x`))).toMatch(/^string-[0-9a-f]{12}$/);
    expect(variantOf(string(''))).toMatch(/^string-[0-9a-f]{12}$/);
  });

  it('the name of a variant differs where values differ', () => {
    const lists: Value[] = [['a', 'b'], ['a,b'], ['b', 'a'], []].map((value) => ({
      kind: 'stringList',
      value,
    }));
    const values = [...lists, json('[1]'), json('[2]'), string('x'.repeat(70)), string('y'.repeat(70))];
    expect(new Set(values.map(variantOf)).size).toBe(values.length);
  });
});

describe('an ETag', () => {
  const parts = {
    environment: 1n,
    clientVersion: 2n,
    interval: 'm',
    contexts: '{}',
    ignored: '',
    streams: '[]',
  };

  it('an ETag is another one when anything that it is made of is', () => {
    const others = [
      { environment: 2n },
      { clientVersion: 3n },
      { interval: 'n' },
      { ignored: 'context.a' },
      { contexts: '{"a":{}}' },
      { streams: '["x"]' },
      // Text moved from one part to its neighbour.
      { interval: 'm","{', contexts: '}' },
    ];
    const etags = [parts, ...others.map((other) => ({ ...parts, ...other }))].map(etagOf);
    expect(new Set(etags).size).toBe(etags.length);
    expect(etagOf({ ...parts })).toBe(etagOf(parts));
  });

  it.each<[unknown, bigint | undefined]>([
    ['17', 17n],
    ['"17"', 17n],
    ['W/"17"', 17n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['abc', undefined],
    ['', undefined],
    [['1', '2'], undefined],
    [undefined, undefined],
  ])('an ETag that an event stream notified of, %o, is the client version %o', (text, version) => {
    const position = readFlagConfigEtag(text);
    expect(position).toBe(version === undefined ? undefined : clientPosition(version, 0));
  });

  it('an ETag that an event stream notified of may name a time boundary', () => {
    expect(readFlagConfigEtag('W/"17-1795300000000"')).toBe(clientPosition(17n, 1_795_300_000_000));
  });
});
