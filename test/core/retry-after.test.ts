import { describe, expect, it } from 'vitest';
import { retryAfter } from '../../src/core/retry-after.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');

describe('how long an answer asks us to wait', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '3' }, 3_000],
    ['a date', { 'retry-after': 'Fri, 02 Jan 2026 03:04:10 GMT' }, 5_000],
    ['a date that is over', { 'retry-after': 'Fri, 02 Jan 2026 03:04:00 GMT' }, undefined],
    ['zero', { 'retry-after': '0' }, undefined],
    ['text', { 'retry-after': 'soon' }, undefined],
    ['more than an hour', { 'retry-after': '86400' }, 3_600_000],
    [
      'almost an hour, as a limit by the hour does',
      { 'fastly-ratelimit-reset': `${NOW / 1000 + 3000}` },
      3_000_000,
    ],
    ['Fastly’s reset', { 'fastly-ratelimit-reset': `${NOW / 1000 + 2}` }, 2_000],
    ['both: Retry-After', { 'retry-after': '3', 'fastly-ratelimit-reset': `${NOW / 1000 + 2}` }, 3_000],
    ['nothing', {}, undefined],
  ])('%s', (_, headers, wait) => {
    expect(retryAfter(headers, NOW)).toBe(wait);
  });
});
