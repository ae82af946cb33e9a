import { describe, expect, it } from 'vitest';
import { lagOf } from '../../src/fleet/lag.js';
import { FleetRecord, FLEET_MAX, type HoldStanding } from '../../src/fleet/record.js';
import { fleetText, joinFleet, parseFleet } from '../../src/fleet/report.js';

const T = 80_000;
const at = (position: bigint, more: Partial<HoldStanding> = {}): HoldStanding => ({
  environment: 1n,
  keyId: 'k',
  proxy: '10.0.0.1',
  stream: 'configs',
  position,
  ...more,
});

function record() {
  const clock = { now: 0 };
  return { clock, fleet: new FleetRecord(T, () => clock.now) };
}

describe('the record of the fleet', () => {
  it('the fleet has each version at which holds of a key were heard of within T, and no other', () => {
    const { clock, fleet } = record();
    fleet.note(at(1n));
    clock.now = T / 2;
    fleet.note(at(2n));
    expect(fleet.entries().map(({ position }) => position)).toEqual([2n, 1n]);
    clock.now = T + 1;
    expect(fleet.entries().map(({ position, ageMs }) => [position, ageMs])).toEqual([[2n, T / 2 + 1]]);
    clock.now = 2 * T;
    expect(fleet.entries()).toEqual([]);
  });

  it('the fleet counts a hold that comes back once in T as one, however long it stays', () => {
    const { clock, fleet } = record();
    for (let round = 0; round < 20; round++) {
      clock.now = round * 0.8 * T;
      fleet.note(at(1n));
      expect(fleet.entries().map(({ holds }) => holds)).toEqual([1]);
    }
  });

  it('the fleet counts subscriptions of the same key apart, and keys, proxies and streams too', () => {
    const { fleet } = record();
    for (let i = 0; i < 25; i++) fleet.note(at(1n));
    fleet.note(at(1n, { keyId: 'other' }));
    fleet.note(at(1n, { proxy: '10.0.0.2' }));
    fleet.note(at(1n, { stream: 'clients' }));
    expect(fleet.entries().map(({ holds }) => holds)).toEqual([1, 1, 1, 25]);
  });

  it('the fleet keeps a bounded number of entries, and says when there were more', () => {
    const { clock, fleet } = record();
    for (let i = 0; i < FLEET_MAX; i++) fleet.note(at(BigInt(i)));
    expect(fleet.isTruncated).toBe(false);
    clock.now = 10;
    fleet.note(at(BigInt(FLEET_MAX)));
    expect([fleet.isTruncated, fleet.entries().length]).toEqual([true, FLEET_MAX]);
  });
});

describe('reports of the fleet', () => {
  it('a report of the fleet is read as it was written, older by its age', () => {
    const { fleet } = record();
    fleet.note(at(9007199254740993n));
    const report = { entries: fleet.entries(), isTruncated: false };
    const read = parseFleet(fleetText(report), 700);
    expect(read).toEqual({ ...report, entries: [{ ...report.entries[0], ageMs: 700 }] });
    expect(parseFleet('{"proxies":[]}', 0)).toBeUndefined();
  });

  it('a report of the fleet that is too long for the store is cut, and says so', () => {
    const { fleet } = record();
    for (let i = 0; i < FLEET_MAX; i++) fleet.note(at(BigInt(i)));
    const text = fleetText({ entries: fleet.entries(), isTruncated: false });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32 * 1024);
    expect(parseFleet(text, 0)?.isTruncated).toBe(true);
  });

  it('reports of several nodes add up, because each request is answered by one node', () => {
    const entry = { ...at(1n), holds: 2, ageMs: 900 };
    const joined = joinFleet([
      { entries: [entry], isTruncated: false },
      { entries: [{ ...entry, holds: 3, ageMs: 100 }], isTruncated: true },
    ]);
    expect(joined).toEqual({ entries: [{ ...entry, holds: 5, ageMs: 100 }], isTruncated: true });
  });
});

describe('the lag of a hold', () => {
  it.each([
    ['current at the newest version', 5n, 'current'],
    ['to be verified when it lacks a version of less than T ago', 4n, 'under_t'],
  ])('the lag of a hold is %s', (_title, position, lag) => {
    expect(lagOf(position, { position: 5n, committedAt: 1_000 }, 2_000, T)).toBe(lag);
  });

  it('the lag of a hold is over T when it lacks a version of more than T ago', () => {
    expect(lagOf(4n, { position: 5n, committedAt: 1_000 }, 1_001 + T, T)).toBe('over_t');
  });
});
