import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../src/core/rate-limiter.js';

describe('a rate limiter', () => {
  const take = (limiter: RateLimiter, name: string, times: number): number =>
    Array.from({ length: times }, () => limiter.take(name)).filter((wait) => wait === 0).length;

  it('a rate limiter admits ten seconds of requests together, then as many a second as its rate', () => {
    let now = 1_000;
    const limiter = new RateLimiter(3, () => now);
    expect(take(limiter, 'a', 100)).toBe(30);
    for (let second = 0; second < 20; second++) {
      now += 1_000;
      expect(take(limiter, 'a', 100)).toBe(3);
    }
    now += 60_000;
    expect(take(limiter, 'a', 100)).toBe(30);
  });

  it('a rate limiter says after how long a request is admitted, and a refused one costs nothing', () => {
    let now = 0;
    const limiter = new RateLimiter(2, () => now);
    take(limiter, 'a', 20);
    expect(limiter.take('a')).toBe(500);
    expect(limiter.take('a')).toBe(500);
    now = 499;
    expect(limiter.take('a')).toBe(1);
    now = 500;
    expect(limiter.take('a')).toBe(0);
  });

  it('a rate limiter has a bucket for each name', () => {
    const limiter = new RateLimiter(1, () => 0);
    expect([take(limiter, 'a', 20), take(limiter, 'b', 20)]).toEqual([10, 10]);
  });

  it('a rate limiter keeps a bounded number of buckets, those that were used last', () => {
    const limiter = new RateLimiter(1, () => 0, 100);
    take(limiter, 'kept', 20);
    for (let i = 0; i < 1_000; i++) {
      limiter.take(`${i}`);
      // One that is refused is used too rarely to stay, so it is used by what it admits.
      if (i === 0) expect(limiter.take('kept')).toBeGreaterThan(0);
    }
    expect(limiter.size).toBe(100);
    expect(limiter.take('999')).toBe(0);
  });
});
