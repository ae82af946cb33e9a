import { describe, expect, it } from 'vitest';
import { equalJitter, fullJitter } from '../../src/core/backoff.js';

const range = { first: 100, max: 10_000 };

describe('exponential backoff', () => {
  it('doubles the limit with each failure up to the maximum', () => {
    const limits = [1, 2, 3, 8, 100, 5000].map((failures) => equalJitter(failures, range, 1));
    expect(limits).toEqual([100, 200, 400, 10_000, 10_000, 10_000]);
  });

  it('draws equal jitter from half of the limit to all of it', () => {
    expect([0, 0.5].map((random) => equalJitter(3, range, random))).toEqual([200, 300]);
  });

  it('draws full jitter from nothing to the limit', () => {
    expect([0, 0.5].map((random) => fullJitter(3, range, random))).toEqual([0, 200]);
  });

  it('stays a finite number after any number of failures', () => {
    expect(fullJitter(2000, { first: 1, max: Infinity }, 0)).toBe(0);
  });
});
