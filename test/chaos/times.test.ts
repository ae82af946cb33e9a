import { describe, expect, it } from 'vitest';
import { checkConnections, checkRevoked } from '../../chaos/checks/connections.js';
import { endExcuses, staleExcuses } from '../../chaos/checks/excuses.js';
import { checkStaleness, merge, unexcused } from '../../chaos/checks/staleness.js';
import { Journal, type Connection, type Span } from '../../chaos/clients/journal.js';
import type { Happened } from '../../chaos/director.js';
import type { FaultKind } from '../../chaos/kinds.js';
import { ENV, texts } from './evidence.js';

describe('staleness', () => {
  const connection = (opened: number, events: [number, number][], end?: number): Connection => ({
    from: 0n,
    opened,
    events: events.map(([at, id]) => ({ at, id: BigInt(id), configs: [] })),
    ...(end === undefined ? {} : { end: { at: end, how: 'broken' } }),
  });
  const journal = (...connections: Connection[]): Journal => {
    const made = new Journal('the client', ENV, { kind: 'pushpin', index: 0 });
    made.connections.push(...connections);
    return made;
  };
  const due = [{ environment: ENV, version: 5n, at: 1_000 }];
  const stale = (one: Journal, excused: { from: number; to: number }[] = []) =>
    checkStaleness(one, due, excused, 3_000, 60_000);

  it('staleness is the time from the acknowledgement to the arrival', () => {
    const check = stale(journal(connection(0, [[3_500, 5]])));
    expect(check).toMatchObject({ longest: 2_500, longestUnexcused: 2_500, violations: [] });
  });

  it('staleness is none when the change came before its acknowledgement, or the client had it when it came', () => {
    expect(stale(journal(connection(0, [[900, 5]]))).longest).toBe(0);
    expect(stale(journal({ ...connection(0, []), from: 5n })).longest).toBe(0);
  });

  it('begins with the hold, and ends with it', () => {
    const check = stale(journal(connection(0, [], 2_000), connection(30_000, [[31_000, 5]])));
    expect(check).toMatchObject({ longest: 1_000, violations: [] });
  });

  it('staleness is a violation beyond the limit', () => {
    expect(stale(journal(connection(0, [[4_500, 5]]))).violations).toHaveLength(1);
    expect(stale(journal(connection(0, []))).violations).toHaveLength(1);
  });

  it('leaves out the time that a fault excuses', () => {
    const excused = [{ from: 1_500, to: 2_500 }];
    const check = stale(journal(connection(0, [[4_500, 5]])), excused);
    expect(check).toMatchObject({ longest: 3_500, longestUnexcused: 2_500, violations: [] });
  });

  it('counts faults that overlap once', () => {
    const spans = merge([
      { from: 5, to: 8 },
      { from: 1, to: 3 },
      { from: 2, to: 4 },
    ]);
    expect(spans).toEqual([
      { from: 1, to: 4 },
      { from: 5, to: 8 },
    ]);
    expect(unexcused({ from: 0, to: 10 }, spans)).toBe(4);
  });
});

describe('what a fault excuses', () => {
  const happened = (kind: FaultKind, target = 0): Happened => ({
    fault: { kind, at: 0, length: 0, target, strength: 0 },
    target,
    from: 1_000,
    to: 2_000,
  });
  const client = (kind: 'pushpin' | 'direct', index: number): Journal =>
    new Journal('it', ENV, { kind, index });

  it('what a fault excuses is nothing for a fault on the way to a proxy: T holds although nothing is published', () => {
    expect(staleExcuses(client('pushpin', 0), [happened('publishing cut off')], [])).toEqual([]);
  });

  it('what a fault excuses is staleness while the store is unavailable', () => {
    expect(staleExcuses(client('direct', 0), [happened('redis killed')], [])).toEqual([
      { from: 1_000, to: 2_000 },
    ]);
  });

  it('what a fault excuses is staleness while no node ran, and for as long again', () => {
    const nodes = [0, 1, 2].map((target) => ({
      ...happened('node killed', target),
      from: 1_000 + 100 * target,
    }));
    expect(staleExcuses(client('pushpin', 0), nodes, [])).toEqual([{ from: 1_200, to: 2_800 }]);
    expect(staleExcuses(client('pushpin', 0), nodes.slice(1), [])).toEqual([]);
  });

  it('what a fault excuses is the end of direct holds at the nodes that die with Redis', () => {
    const fault = happened('redis lost what cannot be healed', 1);
    expect(endExcuses({ kind: 'direct', index: 0 }, [fault])).toHaveLength(1);
    expect(endExcuses({ kind: 'direct', index: 1 }, [fault])).toEqual([]);
    expect(endExcuses({ kind: 'pushpin', index: 0 }, [fault])).toEqual([]);
  });

  it('what a fault excuses is the end of connections at the server that was down, and no other', () => {
    expect(endExcuses({ kind: 'pushpin', index: 1 }, [happened('pushpin killed', 1)])).toHaveLength(1);
    expect(endExcuses({ kind: 'pushpin', index: 0 }, [happened('pushpin killed', 1)])).toEqual([]);
    expect(endExcuses({ kind: 'pushpin', index: 1 }, [happened('node killed', 1)])).toEqual([]);
    expect(endExcuses({ kind: 'direct', index: 1 }, [happened('node killed', 1)])).toHaveLength(1);
  });

  it('what a fault excuses lets a connection end only then', () => {
    const journal = client('pushpin', 0);
    journal.connections.push({ from: 0n, opened: 0, events: [], end: { at: 1_500, how: 'broken' } });
    expect(checkConnections(journal, [{ from: 1_000, to: 2_000 }])).toEqual([]);
    expect(checkConnections(journal, [{ from: 1_600, to: 2_000 }])).toHaveLength(1);
  });

  it('what a fault excuses lets a client that did not read see the end when it reads again', () => {
    const journal = client('direct', 0);
    journal.slow.push({ from: 500, to: 4_000 });
    journal.connections.push({ from: 0n, opened: 0, events: [], end: { at: 4_020, how: 'ended' } });
    expect(checkConnections(journal, [{ from: 1_000, to: 2_000 }])).toEqual([]);
    expect(checkConnections(journal, [{ from: 4_100, to: 5_000 }])).toHaveLength(1);
  });

  it('what a fault excuses never lets a client be refused by name', () => {
    const journal = client('pushpin', 0);
    journal.refused('status 503');
    expect(checkConnections(journal, [])).toEqual([]);
    journal.refused('status 401');
    expect(texts(checkConnections(journal, []))).toContain('401');
  });
});

describe('clients whose key was revoked', () => {
  const journal = (...connections: Connection[]): Journal => {
    const made = new Journal('the client', ENV, { kind: 'pushpin', index: 0 });
    made.connections.push(...connections);
    made.revoked = { from: 1_000, to: 2_000 };
    return made;
  };
  const held = (opened: number, end?: number): Connection => ({
    from: 0n,
    opened,
    events: [],
    ...(end === undefined ? {} : { end: { at: end, how: 'ended' } }),
  });
  const check = (one: Journal, excused: Span[] = [], losses: Span[] = []) =>
    checkRevoked(one, excused, 5_000, losses, 60_000);

  it('clients whose key was revoked may be held until T has passed', () => {
    expect(check(journal(held(0, 1_500)))).toEqual([]);
    expect(check(journal(held(0, 6_900)))).toEqual([]);
  });

  it('clients whose key was revoked may not be held any longer, nor again', () => {
    expect(check(journal(held(0, 7_100)))).toHaveLength(1);
    expect(check(journal(held(0)))).toHaveLength(1);
    expect(check(journal(held(0, 1_500), held(10_000, 10_100)))).toHaveLength(1);
  });

  it('clients whose key was revoked may be held for as long as a fault excuses, and when the revocation may have been lost', () => {
    expect(check(journal(held(0, 8_000)), [{ from: 3_000, to: 5_000 }])).toEqual([]);
    expect(check(journal(held(0)), [], [{ from: 1_500, to: 1_800 }])).toEqual([]);
  });

  it('clients whose key was revoked may be refused by name from then on, and their connections may end', () => {
    const one = journal(held(0, 1_500));
    one.refusals.push({ at: 3_000, text: 'status 401' });
    expect(checkConnections(one, [])).toEqual([]);
    one.refusals.push({ at: 500, text: 'status 401' });
    expect(checkConnections(one, [])).toHaveLength(1);
  });
});
