import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileWords } from '../../src/evaluate/word-search.js';

describe('a search for many words', () => {
  it('a search for many words finds exactly the texts that include one of them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '😀'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), text, (words, searched) => {
        const found = words.some((word) => searched.includes(word));
        expect(compileWords(words)(searched)).toBe(found);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['a word inside another one', ['abcd', 'bc', 'x', 'y', 'z'], 'abce', true],
    ['a suffix after a mismatch', ['aab', 'ab', 'x', 'y', 'z'], 'aaab', true],
    ['a beginning only', ['abc', 'abd', 'abe', 'abf', 'abg'], 'ab', false],
    ['half of a surrogate pair', ['\ud83d', 'v', 'x', 'y', 'z'], '😀', true],
    ['a code unit of a word at another node', ['ab', 'cd', 'ef', 'gh', 'ij'], 'ad', false],
    ['no words', [], 'a', false],
    ['an empty word', ['', 'a'], '', true],
  ])('a search for many words handles %s', (_, words, text, expected) => {
    expect(compileWords(words)(text)).toBe(expected);
  });

  it('a search for many words takes time in proportion to the text, not to the words', () => {
    const words = Array.from({ length: 4_500 }, (_, index) => `word${(index * 7_919) % 100_000}`);
    const search = compileWords(words);
    const text = 'word9wor1'.repeat(7_000);
    search(text);
    const since = process.cpuUsage();
    for (let round = 0; round < 20; round++) expect(search(text)).toBe(false);
    // 60 KB: 20 rounds take 40 ms; one search word by word took 2.7 s.
    expect(process.cpuUsage(since).user / 1000).toBeLessThan(2_000);
  });
});
