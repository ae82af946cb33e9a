import { describe, expect, it } from 'vitest';
import { RecentlyCommitted } from '../../src/inbox/recently-committed.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { flag } from '../store/fixtures.js';

function ruleset(...configs: ReturnType<typeof flag>[]): Ruleset {
  return new Ruleset({ environment: 1n, version: 100n, at: 0n, envelope: new Uint8Array(), configs });
}

const made = {
  digest: 'd',
  configs: [
    { key: 'a', id: '10' },
    { key: 'b', id: '11' },
  ],
};

describe('an event that was committed', () => {
  it('an event that was committed is in a ruleset that has what it brought, or what came after', () => {
    const events = new RecentlyCommitted();
    events.note('1-0', made);
    expect(events.isIn(ruleset(flag(10n, 'a'), flag(11n, 'b')), '1-0', 'd')).toBe(true);
    expect(events.isIn(ruleset(flag(12n, 'a'), flag(11n, 'b')), '1-0', 'd')).toBe(true);
  });

  it('an event that was committed is not in one that has a part of it only, although its version is higher', () => {
    const events = new RecentlyCommitted();
    events.note('1-0', made);
    expect(events.isIn(ruleset(flag(10n, 'a')), '1-0', 'd')).toBe(false);
    expect(events.isIn(ruleset(flag(10n, 'a'), flag(9n, 'b')), '1-0', 'd')).toBe(false);
    expect(events.isIn(undefined, '1-0', 'd')).toBe(false);
  });

  it('an event that was committed is distinguished from another one in its place', () => {
    const events = new RecentlyCommitted();
    events.note('1-0', made);
    const all = ruleset(flag(10n, 'a'), flag(11n, 'b'));
    expect(events.isIn(all, '1-0', 'other')).toBe(false);
    expect(events.isIn(all, '2-0', 'd')).toBe(false);
  });

  it('an event that was committed is forgotten when there are too many after it, also when some are noted twice', () => {
    const events = new RecentlyCommitted(4);
    const all = ruleset(flag(10n, 'a'), flag(11n, 'b'));
    for (const id of ['1-0', '2-0', '2-0', '3-0']) events.note(id, made);
    expect(['1-0', '2-0', '3-0'].map((id) => events.isIn(all, id, 'd'))).toEqual([false, true, true]);
  });
});
