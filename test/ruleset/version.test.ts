import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ID, nextId, parseVersion } from '../../src/ruleset/version.js';

describe('parseVersion', () => {
  it('accepts every int64 from 0 on, as canonical decimal text', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: MAX_ID }), (id) => parseVersion(`${id}`) === id));
  });

  it('accepts no other text', () => {
    const like = fc.stringMatching(/^[-+ 0-9.e_n]{0,22}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), like), (text) => {
        const canonical = /^\d+$/.test(text) && `${BigInt(text)}` === text && BigInt(text) <= MAX_ID;
        return (parseVersion(text) !== undefined) === canonical;
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['', '-1', '+1', ' 1', '1 ', '01', '1.0', '1e3', '0x10', '9223372036854775808', '١', '1\n'])(
    'refuses %j',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );

  it('returns undefined for an absent text', () => {
    expect(parseVersion(undefined)).toBeUndefined();
  });
});

describe('nextId', () => {
  const HOUR = 3_600_000_000n;

  it('returns the time when ids are behind the clock', () => {
    expect(nextId(5_000n, 0n, 0n)).toBe(5_000n);
    expect(nextId(5_000n, 4_000n, 4_000n)).toBe(5_000n);
  });

  it('adds the elapsed time when ids are ahead of the clock', () => {
    expect(nextId(5_000n, 17n * 10n ** 15n, 4_000n)).toBe(17n * 10n ** 15n + 1_000n);
  });

  it('nextId is above the version when the clock stands still or goes back', () => {
    expect(nextId(4_000n, 4_000n, 4_000n)).toBe(4_001n);
    expect(nextId(3_000n, 4_000n, 4_000n)).toBe(4_001n);
  });

  it('adds one when the elapsed time would leave too few ids', () => {
    expect(nextId(HOUR, MAX_ID - 1_000n, 0n)).toBe(MAX_ID - 999n);
    expect(nextId(HOUR, MAX_ID, 0n)).toBe(MAX_ID + 1n);
    expect(nextId(HOUR, MAX_ID - 2n ** 33n, 0n)).toBe(MAX_ID - 2n ** 33n + HOUR);
  });

  it('nextId never repeats an id after the last commits were lost and time has moved on', () => {
    interface Commits {
      /** The number of configs of each, and the time since the one before. */
      list: { configs: bigint; pause: bigint }[];
      version: bigint;
      now: bigint;
      committedAt: bigint;
    }
    const list = fc.array(
      fc.record({ configs: fc.bigInt({ min: 1n, max: 300n }), pause: fc.bigInt({ min: 0n, max: HOUR }) }),
      { minLength: 1, maxLength: 10 },
    );
    const run = ({ list, version, now, committedAt }: Commits) => {
      const ids: bigint[] = [];
      for (const { configs, pause } of list) {
        now += pause;
        const first = nextId(now, version, committedAt);
        for (let id = first; id < first + configs; id++) ids.push(id);
        version = first + configs - 1n;
        committedAt = now;
      }
      return { ids, now };
    };
    const version = fc.bigInt({ min: 0n, max: 2n ** 60n });
    const committedAt = fc.bigInt({ min: 0n, max: 2n ** 51n });
    fc.assert(
      fc.property(version, committedAt, list, list, (version, committedAt, lost, again) => {
        const before = run({ list: lost, version, now: committedAt, committedAt });
        // The store is back at the first version, more microseconds later than configs were lost.
        const now = before.now + BigInt(before.ids.length);
        const after = run({ list: again, version, now, committedAt });
        const highest = before.ids.at(-1)!;
        expect(after.ids.every((id) => id > highest)).toBe(true);
      }),
    );
  });
});
