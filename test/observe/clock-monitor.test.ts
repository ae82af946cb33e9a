import { beforeEach, describe, expect, it } from 'vitest';
import { ClockMonitor } from '../../src/observe/clock-monitor.js';
import { createLog } from '../../src/observe/log.js';

let now: number;
let lines: { level: string; msg: string; reason?: string }[];
let monitor: ClockMonitor;

beforeEach(() => {
  now = 1_800_000_000_000;
  lines = [];
  const log = createLog('info', {
    write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]),
  });
  monitor = new ClockMonitor({ log, now: () => now, monotonic: () => now });
});

/** A store whose clock is that many seconds ahead, and which takes so long to answer. */
const store =
  (seconds: number, took = 0) =>
  () => {
    const at = BigInt(Math.round((now + took / 2 + seconds * 1000) * 1000));
    now += took;
    return Promise.resolve(at);
  };

describe('signatures out of their time', () => {
  it('signatures out of their time are a problem with the difference, logged once while they come', () => {
    monitor.mistimed('expired', 7_140);
    now += 30_000;
    monitor.mistimed('expired', 7_170);
    expect(monitor.status.problem).toEqual({
      reason: expect.stringMatching(/expired 7170 s ago: this node's clock is ahead/) as string,
      since: 1_800_000_000_000,
    });
    expect(lines).toMatchObject([{ level: 'error', msg: 'a clock is wrong' }]);
  });

  it('signatures out of their time are no problem any more a minute after the last, which is logged once', () => {
    monitor.mistimed('not-yet-valid', 300);
    now += 60_000;
    expect(monitor.status.problem?.reason).toContain('behind');
    now += 1;
    expect(monitor.status.problem).toBeUndefined();
    expect(monitor.status.problem).toBeUndefined();
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
    monitor.mistimed('expired', 100);
    expect(lines).toHaveLength(3);
  });
});

describe('the clock of the store', () => {
  it.each([0, 29, -29])('the clock of the store is close enough when it differs by %i s', async (seconds) => {
    await monitor.compare(store(seconds));
    expect(monitor.status).toEqual({ offset: seconds, problem: undefined });
    expect(lines).toEqual([]);
  });

  it.each([
    [7_200, "this node's clock is 7200 s behind the store's"],
    [-7_200, "this node's clock is 7200 s ahead of the store's"],
  ])(
    'the clock of the store is a problem when it differs by %i s, until it no longer does',
    async (seconds, reason) => {
      await monitor.compare(store(seconds));
      await monitor.compare(store(seconds));
      expect(monitor.status.problem?.reason).toBe(reason);
      await monitor.compare(store(1));
      expect(monitor.status).toEqual({ offset: 1, problem: undefined });
      expect(lines.map(({ level }) => level)).toEqual(['error', 'info']);
    },
  );

  it('the clock of the store is compared with the middle of the round trip, and not at all when that took too long', async () => {
    await monitor.compare(store(2, 4_000));
    expect(monitor.status.offset).toBeCloseTo(2);
    await monitor.compare(store(500, 6_000));
    expect(monitor.status.offset).toBeCloseTo(2);
    expect(monitor.status.problem).toBeUndefined();
  });
});
