import { describe, expect, it } from 'vitest';
import { median, percentile } from '../../bench/statistics.js';

describe('the median', () => {
  it('the median is the value in the middle, in whatever order they come', () => {
    expect(median([9, 1, 10])).toBe(9);
  });

  it('the median is the mean of the middle two when their number is even', () => {
    expect(median([100, 1, 2, 4])).toBe(3);
  });

  it('the median leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('a percentile is the smallest value that so many per cent are at or below', () => {
    expect([1, 50, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([1, 50, 99, 100]);
  });

  it('a percentile is a value that was measured, also of few', () => {
    expect(percentile([2, 1], 99)).toBe(2);
    expect(percentile([2, 1], 1)).toBe(1);
  });
});

it('there are no figures of nothing', () => {
  expect(() => median([])).toThrow('no values');
  expect(() => percentile([], 99)).toThrow('no values');
});
