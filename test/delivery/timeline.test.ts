/** The time line of the last changes. */
import { describe, expect, it } from 'vitest';
import { ChangeTimeline } from '../../src/delivery/timeline.js';
import { TIMELINE_MAX_BYTES } from '../../src/store/node-reports.js';

const AT = Date.parse('2026-11-29T12:00:00Z');

function timelineAt(clock: { now: number }, hides?: (environment: bigint) => boolean): ChangeTimeline {
  return new ChangeTimeline(() => clock.now, hides);
}

describe('the time line of changes', () => {
  it('the time line has each step of a change with its milliseconds since the commit', () => {
    const clock = { now: AT };
    const timeline = timelineAt(clock);
    const change = { environment: 1n, version: 10n, at: AT };
    clock.now += 3;
    timeline.applied(change, 2);
    clock.now += 4;
    timeline.accepted('near', change);
    clock.now += 10;
    timeline.accepted('far', change);
    expect(timeline.changes()).toEqual([
      {
        environment: '1',
        version: '10',
        at: '2026-11-29T12:00:00.000Z',
        configs: 2,
        appliedMs: 3,
        proxies: [
          { proxy: 'near', acceptedMs: 7 },
          { proxy: 'far', acceptedMs: 17 },
        ],
      },
    ]);
    expect(timeline.lastAccepted('far')).toMatchObject({ version: '10', lagMs: 17 });
  });

  it('a change that is sent again keeps the time of its first arrival', () => {
    const clock = { now: AT };
    const timeline = timelineAt(clock);
    const change = { environment: 1n, version: 10n, at: AT };
    timeline.accepted('near', change);
    clock.now += 5_000;
    timeline.accepted('near', change);
    expect(timeline.changes()[0]?.proxies).toEqual([{ proxy: 'near', acceptedMs: 0 }]);
  });

  it('the next leader goes on with the time line of the one before', () => {
    const clock = { now: AT };
    const [first, second] = [timelineAt(clock), timelineAt(clock)];
    const old = { environment: 1n, version: 10n, at: AT };
    first.applied(old, 1);
    first.accepted('near', old);
    second.applied({ environment: 1n, version: 11n, at: AT + 1 }, 1);
    second.restore(first.takeText());
    second.restore('not JSON');
    expect(second.changes().map(({ version, proxies }) => [version, proxies])).toEqual([
      ['11', []],
      ['10', [{ proxy: 'near', acceptedMs: 0 }]],
    ]);
  });

  it('the time line keeps the newest changes within its bound, in memory and as text', () => {
    const clock = { now: AT };
    const timeline = timelineAt(clock);
    for (let i = 0; i < 500; i++) {
      const change = { environment: 9223372036854775807n, version: BigInt(i), at: AT + i };
      timeline.applied(change, 1);
      for (let proxy = 0; proxy < 80; proxy++) {
        timeline.accepted(`https://proxy-${proxy}.${'x'.repeat(100)}`, change);
      }
    }
    const changes = timeline.changes();
    expect(changes[0]?.version).toBe('499');
    expect(changes.length).toBeLessThanOrEqual(50);
    const text = timeline.takeText() ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TIMELINE_MAX_BYTES);
    expect((JSON.parse(text) as unknown[]).length).toBeGreaterThan(0);
    expect(timeline.takeText()).toBeUndefined();
  });

  it('a change that is older than all that are kept does not take the place of a newer one', () => {
    const timeline = timelineAt({ now: AT });
    for (let i = 1; i <= 60; i++) timeline.applied({ environment: 1n, version: BigInt(i), at: AT + i }, 1);
    timeline.accepted('near', { environment: 1n, version: 1n, at: AT + 1 });
    expect(timeline.changes().at(-1)?.version).toBe('11');
  });

  it('changes of a hidden environment are not shown', () => {
    const timeline = timelineAt({ now: AT }, (environment) => environment === 7n);
    timeline.applied({ environment: 7n, version: 1n, at: AT }, 1);
    timeline.accepted('near', { environment: 7n, version: 1n, at: AT });
    expect(timeline.changes()).toEqual([]);
  });
});
