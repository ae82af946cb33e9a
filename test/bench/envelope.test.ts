/** The judgement of memory as flat or growing, on samples shaped by garbage collection. */
import { describe, expect, it } from 'vitest';
import { lowerEnvelope, slope, trend, type Sample } from '../../bench/envelope.js';

/**
 * Half an hour of samples, two seconds apart: what is in use, and garbage that is collected every
 * 70 s.
 */
function samples(inUse: (minute: number) => number): Sample[] {
  return Array.from({ length: 900 }, (_, i) => {
    const at = i / 30;
    return { at, value: inUse(at) + 0.5 * ((2 * i) % 70) };
  });
}

describe('the lower envelope', () => {
  it('the lower envelope is the lowest sample of each span', () => {
    const values = [5, 3, 4, 9, 7, 8, 2, 6];
    const found = lowerEnvelope(
      values.map((value, at) => ({ at, value })),
      4,
    );
    expect(found.map(({ value }) => value)).toEqual([3, 4, 7, 2]);
  });
});

describe('the slope', () => {
  it('the slope is not moved by one odd sample', () => {
    const line = Array.from({ length: 10 }, (_, at) => ({ at, value: 2 * at }));
    expect(slope(line.with(4, { at: 4, value: 1_000 }))).toBeCloseTo(2);
  });
});

describe('memory', () => {
  it('memory is flat when only garbage comes and goes', () => {
    expect(trend(samples(() => 40))).toMatchObject({ flat: true, hourly: 0 });
  });

  it('memory is flat when it grew while it warmed up, and no more', () => {
    expect(trend(samples((minute) => 20 + Math.min(20, 4 * minute))).flat).toBe(true);
  });

  it('memory is not flat when it grows by half of itself in an hour, however much garbage hides it', () => {
    const { flat, hourly } = trend(samples((minute) => 40 + minute / 3));
    expect(flat).toBe(false);
    expect(hourly).toBeGreaterThan(15);
    expect(hourly).toBeLessThan(25);
  });
});
