import { describe, expect, it } from 'vitest';
import { compilePattern, PATTERN_MAX_SIZE } from '../../src/ruleset/pattern.js';

describe('an expression', () => {
  it.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^a.c$', 'abc', true],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['(?i)ABC', 'abc', true],
    ['^[^@]+@example\\.(com|org)$', 'someone@example.org', true],
    ['^\\p{Greek}+$', 'αβγ', true],
    ['', '', true],
  ])('%j in %j: %s', (expression, text, expected) => {
    expect(compilePattern(expression).test(text)).toBe(expected);
  });

  it.each(['(a', '*', '[z-a]', '(?=a)', '(?!a)', '(?<=a)', '(a)\\1', 'a{1001}', 'a++', '\\p{Nothing}'])(
    '%j is refused',
    (expression) => {
      expect(() => compilePattern(expression)).toThrow();
    },
  );

  it('an expression compiles up to the size limit and is refused above it', () => {
    const sized = (size: number) => 'a'.repeat(size);
    expect(compilePattern(sized(PATTERN_MAX_SIZE - 10)).test('b')).toBe(false);
    expect(() => compilePattern(sized(PATTERN_MAX_SIZE + 1))).toThrow(/instructions/);
    expect(() => compilePattern('(?:a{1000}){6}')).toThrow();
  });
});

describe('a search', () => {
  it.each([
    ['(a+)+$', 'a', '!'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a', ''],
    ['(a|aa)*b$', 'a', 'c'],
    ['(.*)(.*)(.*)(.*)(.*)[0-9]$', 'ab', ''],
  ])('a search for %s, which stalls backtracking engines, ends in time', (expression, part, end) => {
    const pattern = compilePattern(expression);
    const start = performance.now();
    expect(pattern.test(part.repeat(10_000) + end)).toBe(false);
    // Far above what it takes (10 ms), far below what backtracking takes (for ever).
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('a search has the same results after it has met more states than are kept', () => {
    const pattern = compilePattern('a[ab]{40}c');
    let random = 1;
    const text = Array.from({ length: 20_000 }, () => {
      random = (random * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      return random & 0x100 ? 'a' : 'b';
    }).join('');
    expect(pattern.test(`c${text}`)).toBe(false);
    expect(pattern.test(`${text}a${'b'.repeat(40)}c`)).toBe(true);
    expect(pattern.test('ab'.repeat(21))).toBe(false);
  });
});
