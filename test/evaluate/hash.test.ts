import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deterministicRandom } from '../../src/evaluate/random.js';
import { PrefixHash } from '../../src/evaluate/hash.js';

// The first five are what the public SDKs give; the others, of the npm package `murmurhash`, have
// each length of rest, and bytes above 127.
it.each([
  ['', 0],
  ['hello', 613153351],
  ['feature-flag.weighteda72c15f5', 25307073],
  ['feature-flag.weighted8f414100', 115463678],
  ['feature-flag.weighted92a202f2', 605612302],
  ['a', 0x3c2569b2],
  ['ab', 0x9bbfd75f],
  ['abc', 0xb3dd93fa],
  ['abcd', 0x43ed676a],
  ['é', 269551495],
  ['日本語x', 2001420845],
])('the hash of %j is %i', (text, hash) => {
  expect(new PrefixHash('').of(text)).toBe(hash);
});

it('hashes equally for every length of the prefix', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 9 });
  fc.assert(fc.property(text, text, (a, b) => new PrefixHash(a).of(b) === new PrefixHash('').of(a + b)));
});

it('hashes the same text equally twice', () => {
  const hash = new PrefixHash('key');
  expect([hash.of('a'), hash.of('bé'), hash.of('a')]).toEqual([hash.of('a'), hash.of('bé'), hash.of('a')]);
});

it('returns the same deterministic random number for the same contexts and key', () => {
  expect(deterministicRandom('{"user":{}}')('flag')).toBe(deterministicRandom('{"user":{}}')('flag'));
});

it('spreads deterministic random numbers evenly from 0 to 1, over contexts and over keys', () => {
  for (const random of [
    (index: number) => deterministicRandom(`{"user":{"key":${index}}}`)('flag'),
    (index: number) => deterministicRandom('{}')(`flag-${index}`),
  ]) {
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) tenths[Math.floor(random(index) * 10)]!++;
    expect(Math.min(...tenths)).toBeGreaterThan(900);
    expect(Math.max(...tenths)).toBeLessThan(1100);
  }
});
