import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_SHARDS } from '../../src/grip/channels.js';
import {
  RefetchSchedule,
  type ClientMove,
  type Refetch,
  type RefetchProgress,
} from '../../src/publish/refetch-schedule.js';

const SPREAD = 2_000;
const GAP = SPREAD / CLIENT_SHARDS;

function move(previous: bigint, position: bigint, environment = 7n): ClientMove {
  return { environment, previous, position, at: position };
}

/** The progress at a position of the feed. */
const at = (position: string): RefetchProgress => ({ position, time: 0 });

const text = ({ shard, previous, position }: Refetch): string => `${shard}: ${previous}→${position}`;

/** Every turn up to that time, with when it was. */
function turnsUntil(refetches: RefetchSchedule, end: number): [number, string][] {
  const turns: [number, string][] = [];
  for (let now = refetches.next; now !== undefined && now <= end; now = refetches.next) {
    for (const refetch of refetches.due(now)) turns.push([now, text(refetch)]);
  }
  return turns;
}

describe('a change that clients see', () => {
  it('a change that clients see notifies the first shard immediately, and one after the other until the spread is over', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0.4);
    expect(refetches.apply(move(5n, 6n), at('0'), 100).map(text)).toEqual(['3: 5→6']);
    const turns = turnsUntil(refetches, 100 + SPREAD);
    expect(turns).toEqual([4, 5, 6, 7, 0, 1, 2].map((shard, i) => [100 + (i + 1) * GAP, `${shard}: 5→6`]));
  });

  it('a change that clients see that comes in a round is announced to the shards whose turn is to come, and then to those that had theirs', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0);
    refetches.apply(move(5n, 6n), at('0'), 0);
    turnsUntil(refetches, 2 * GAP);
    expect(refetches.apply(move(6n, 7n), at('1'), 2 * GAP + 1)).toEqual([]);
    expect(refetches.apply(move(7n, 8n), at('2'), 2 * GAP + 2)).toEqual([]);
    expect(turnsUntil(refetches, 10 * SPREAD).map(([, turn]) => turn)).toEqual([
      ...[3, 4, 5, 6, 7].map((shard) => `${shard}: 5→8`),
      ...[0, 1, 2].map((shard) => `${shard}: 6→8`),
    ]);
  });

  it('a change that clients see is announced to all shards immediately when there is no spread', () => {
    const refetches = new RefetchSchedule(0, () => 0);
    expect(refetches.apply(move(5n, 6n), at('0'), 0)).toHaveLength(CLIENT_SHARDS);
    expect([refetches.next, refetches.settled(at('1')).position]).toEqual([undefined, '1']);
  });

  it('a change that clients see of one environment does not wait for another', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0);
    refetches.apply(move(5n, 6n), at('0'), 0);
    expect(refetches.apply(move(1n, 2n, 8n), at('1'), 1)).toHaveLength(1);
    expect(turnsUntil(refetches, GAP + 1)).toEqual([[GAP, '1: 5→6'], [GAP + 1, '1: 1→2']]); // prettier-ignore
  });
});

describe('a change that clients do not see', () => {
  it('a change that clients do not see is announced to no shard', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0);
    expect(refetches.apply(move(5n, 5n), at('0'), 0)).toEqual([]);
    expect([refetches.next, refetches.settled(at('1')).position]).toEqual([undefined, '1']);
  });
});

describe('what is settled', () => {
  it('what is settled is what comes before the oldest change that not all shards know, and moves on while changes go on', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0);
    refetches.apply(move(1n, 2n), at('10'), 0);
    turnsUntil(refetches, 3 * GAP);
    refetches.apply(move(2n, 3n), at('20'), 3 * GAP);
    expect(refetches.settled(at('21')).position).toBe('10');
    // The first change has gone round, with the second in it.
    turnsUntil(refetches, 7 * GAP);
    refetches.apply(move(3n, 4n), at('30'), 7 * GAP);
    expect(refetches.settled(at('31')).position).toBe('20');
    turnsUntil(refetches, 11 * GAP);
    expect(refetches.settled(at('31')).position).toBe('30');
    turnsUntil(refetches, 15 * GAP);
    expect(refetches.settled(at('31')).position).toBe('31');
  });

  it('what is settled is everything when all is forgotten', () => {
    const refetches = new RefetchSchedule(SPREAD, () => 0);
    refetches.apply(move(1n, 2n), at('10'), 0);
    refetches.reset();
    expect([refetches.settled(at('11')).position, refetches.next]).toEqual(['11', undefined]);
  });
});

describe('whatever the course of changes', () => {
  const steps = fc.array(
    fc.record({
      environment: fc.bigInt({ min: 1n, max: 3n }),
      wait: fc.nat({ max: 3 * GAP }),
      seen: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('each shard is notified step by step, at most once per spread, and of the last change within one', () => {
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 0.999, noNaN: true }), (course, random) => {
        const refetches = new RefetchSchedule(SPREAD, () => random);
        const versions = new Map<bigint, bigint>();
        const told = new Map<string, { version: bigint; at: number }>();
        const lastChange = new Map<bigint, number>();
        let now = 0;
        const note = (refetch: Refetch, at: number): void => {
          const place = `${refetch.environment} ${refetch.shard}`;
          const before = told.get(place);
          expect(refetch.previous).toBe(before?.version ?? 0n);
          expect(refetch.position).toBe(versions.get(refetch.environment));
          if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(SPREAD);
          told.set(place, { version: refetch.position, at });
        };
        const run = (end: number): void => {
          for (let at = refetches.next; at !== undefined && at <= end; at = refetches.next) {
            for (const refetch of refetches.due(at)) note(refetch, at);
          }
        };
        course.forEach(({ environment, wait, seen }, i) => {
          run((now += wait));
          const previous = versions.get(environment) ?? 0n;
          if (seen) {
            versions.set(environment, BigInt(i + 1));
            lastChange.set(environment, now);
          }
          const step = move(previous, versions.get(environment) ?? 0n, environment);
          for (const refetch of refetches.apply(step, at(`${i}`), now)) note(refetch, now);
        });
        run(now + 10 * SPREAD);
        expect([refetches.next, refetches.settled(at('end')).position]).toEqual([undefined, 'end']);
        for (const [environment, version] of versions) {
          for (let shard = 0; shard < CLIENT_SHARDS; shard++) {
            const { version: last, at } = told.get(`${environment} ${shard}`)!;
            expect(last).toBe(version);
            expect(at - lastChange.get(environment)!).toBeLessThanOrEqual(SPREAD);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
