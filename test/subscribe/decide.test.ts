import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionText } from '../../src/ruleset/client-position.js';
import { decide, claimedPosition } from '../../src/subscribe/decide.js';

describe('a reader', () => {
  it('below our version is behind, and gets the delta from where it stands', () => {
    expect(decide(4n, 5n, true)).toEqual({ kind: 'behind', from: 4n });
    expect(decide(4n, 5n, false)).toEqual({ kind: 'behind', from: 4n });
  });

  it('a reader at our version is current, whether the store was asked or not', () => {
    expect(decide(5n, 5n, true)).toEqual({ kind: 'current' });
    expect(decide(5n, 5n, false)).toEqual({ kind: 'current' });
    expect(decide(0n, 0n, true)).toEqual({ kind: 'current' });
  });

  it('above it is ahead when the store was asked, and unverified when it was not', () => {
    expect(decide(6n, 5n, true)).toEqual({ kind: 'ahead' });
    expect(decide(6n, 5n, false)).toEqual({ kind: 'unverified' });
  });

  it('a reader is compared exactly, beyond what doubles can tell apart', () => {
    expect(decide(17_018_962_363_976_478n, 17_018_962_363_976_479n, true).kind).toBe('behind');
    expect(decide(17_018_962_363_976_480n, 17_018_962_363_976_479n, true).kind).toBe('ahead');
  });
});

describe('where a client stands', () => {
  it.each<[string, string | undefined, string | undefined, bigint]>([
    ['neither header', undefined, undefined, 0n],
    ['only Last-Event-ID', '5', undefined, 5n],
    ['only the start id', undefined, '6', 6n],
    ['both, the event id larger', '7', '6', 7n],
    ['both, the start id larger', '6', '7', 7n],
    ['an event id that is none', 'abc', '6', 6n],
    ['a start id that is none', '6', '-1', 6n],
    ['two that are none', '', ' 5', 0n],
    ['an id beyond int64', '9223372036854775808', undefined, 0n],
    ['the largest id', '9223372036854775807', '1', 2n ** 63n - 1n],
  ])('where a client stands with %s', (_, event, start, position) => {
    expect(claimedPosition('configs', event, start)).toBe(position);
  });

  it('where a client stands of an event stream is a client version with a boundary, the later of the two', () => {
    const claimed = (event: string, start: string) => positionText(claimedPosition('clients', event, start));
    expect(claimed('5-2000', '5-1000')).toBe('5-2000');
    expect(claimed('5', '5-1000')).toBe('5-1000');
    expect(claimed('6', '5-1000')).toBe('6');
    expect(claimed('5-', '5-01')).toBe('0');
  });

  it('where a client stands of configs has no boundary', () => {
    expect(claimedPosition('configs', '5-1000', undefined)).toBe(0n);
  });

  it('where a client stands is never an error, whatever the headers say', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (event, start) => {
        for (const kind of ['configs', 'clients'] as const)
          expect(claimedPosition(kind, event, start)).toBeGreaterThanOrEqual(0n);
      }),
    );
  });
});
