import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../src/canary/arrivals.js';

describe('arrivals of the canary', () => {
  it('a change that arrives is measured from the beginning of its commit, once per proxy', () => {
    const arrivals = new Arrivals();
    arrivals.add('a');
    arrivals.add('b');
    arrivals.begun(7n, 1_000);
    expect(arrivals.arrived('a', 7n, 1_012)).toEqual([12]);
    expect(arrivals.arrived('a', 7n, 1_500)).toEqual([]);
    expect(arrivals.arrived('b', 7n, 1_030)).toEqual([30]);
  });

  it('an event brings every change up to its version, each with its own time', () => {
    const arrivals = new Arrivals();
    arrivals.add('a');
    arrivals.begun(1n, 0);
    arrivals.begun(2n, 10);
    arrivals.begun(3n, 20);
    expect(arrivals.arrived('a', 2n, 25)).toEqual([25, 15]);
    expect(arrivals.waiting('a', 30)).toBe(10);
    expect(arrivals.arrived('a', 3n, 40)).toEqual([20]);
    expect(arrivals.waiting('a', 100)).toBe(0);
  });

  it('a proxy is measured by the changes that began after it was added', () => {
    const arrivals = new Arrivals();
    arrivals.begun(1n, 0);
    arrivals.add('a');
    expect(arrivals.waiting('a', 1_000)).toBe(0);
    expect(arrivals.arrived('a', 1n, 1_000)).toEqual([]);
  });

  it('a change that was withdrawn is awaited no longer', () => {
    const arrivals = new Arrivals();
    arrivals.add('a');
    arrivals.begun(1n, 0);
    arrivals.withdraw(1n);
    expect(arrivals.waiting('a', 1_000)).toBe(0);
  });

  it('a proxy that receives nothing for a day owes its oldest change, within bounds of memory', () => {
    const arrivals = new Arrivals();
    arrivals.add('a');
    for (let i = 0n; i < 8_640n; i++) arrivals.begun(i + 1n, Number(i) * 10_000);
    expect(arrivals.waiting('a', 86_400_000)).toBe(86_400_000);
    expect(arrivals.arrived('a', 8_640n, 86_400_000).length).toBe(64);
  });
});
