import { describe, expect, it } from 'vitest';
import { checkOptions, type ClientOptions } from '../../src/client/options.js';

const GOOD: ClientOptions = { key: 'k', sources: ['https://belt.example.com'] };

describe('options', () => {
  it('options have defaults', () => {
    expect(checkOptions(GOOD)).toMatchObject({
      sources: [{ url: 'https://belt.example.com', streams: true }],
      rules: {
        timeout: 5_000,
        hedge: 2_000,
        poll: 60_000,
        minConnection: 5_000,
        idle: 65_000,
        staleAfter: 150_000,
        backoff: { first: 1_000, max: 30_000 },
      },
      readyTimeout: 10_000,
    });
  });

  it('options take sources as text, URL and with what they can', () => {
    const sources = ['http://a/', new URL('http://b/path/?x=1#y'), { url: 'https://c', streams: false }];
    expect(checkOptions({ ...GOOD, sources }).sources).toEqual([
      { url: 'http://a', streams: true },
      { url: 'http://b/path', streams: true },
      { url: 'https://c', streams: false },
    ]);
  });

  it('options can turn hedging off', () => {
    expect(checkOptions({ ...GOOD, hedge: false }).rules.hedge).toBeUndefined();
  });

  it.each<[string, Partial<ClientOptions>]>([
    ['key', { key: '' }],
    ['key', { key: 'two words' }],
    ['key', { key: 'schlüssel' }],
    ['key', { key: undefined as unknown as string }],
    ['sources', { sources: [] }],
    ['sources[1]', { sources: ['http://a', 'not a url'] }],
    ['sources[0]', { sources: ['ftp://a'] }],
    ['sources[0]', { sources: ['https://me:secret@a'] }],
    ['timeout', { timeout: 0 }],
    ['poll', { poll: NaN }],
    ['backoff.most', { backoff: { most: -1 } }],
    ['idle', { idle: Infinity }],
  ])('options are refused with the name of what is wrong: %s', (field, wrong) => {
    expect(() => checkOptions({ ...GOOD, ...wrong })).toThrow(
      expect.objectContaining({ code: 'option_invalid', field }),
    );
  });
});
