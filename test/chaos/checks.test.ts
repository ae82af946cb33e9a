import { describe, expect, it } from 'vitest';
import { checkCommits } from '../../chaos/checks/commits.js';
import { checkConnections, checkRevoked } from '../../chaos/checks/connections.js';
import { endExcuses, staleExcuses } from '../../chaos/checks/excuses.js';
import { checkJournal, checkSightings } from '../../chaos/checks/order.js';
import { checkStaleness, merge, unexcused } from '../../chaos/checks/staleness.js';
import { differences } from '../../chaos/clients/held.js';
import { Journal, type Connection, type ReceivedConfig, type Span } from '../../chaos/clients/journal.js';
import type { Happened } from '../../chaos/director.js';
import type { FaultKind } from '../../chaos/kinds.js';
import { makeTruth, type Loss, type Truth } from '../../chaos/truth.js';
import type { Entry, Outcome } from '../../chaos/writers/ledger.js';

const ENV = 1n;

function config(key: string, id: number): ReceivedConfig {
  return { key, id: BigInt(id), deleted: false, digest: `${key} ${id}` };
}

/** A store after these commits: each has configs as key and id, and may be a writer's. */
function truthOf(changes: { token?: string; configs: [string, number][] }[], loss: Loss = 'none'): Truth {
  let previous = 0n;
  const history = changes.map(({ token, configs }) => {
    const received = configs.map(([key, id]) => {
      return { ...config(key, id), text: key === 'writer.w1' ? token : `${key} ${id}` };
    });
    const version = BigInt(configs.at(-1)![1]);
    const change = { environment: ENV, previous, version, configs: received };
    previous = version;
    return change;
  });
  const last = new Map(history.flatMap(({ configs }) => configs).map((each) => [each.key, each]));
  const configs = new Map([...last].map(([key, each]) => [key, { ...each, value: each.text }]));
  const rulesets = new Map([[ENV, { version: previous, configs }]]);
  return makeTruth({ rulesets, history, loss, rejected: new Set(), waiting: 0 });
}

/** A client that received these events over one connection: each has an id and its configs. */
function journalOf(...events: [number, [string, number][]][]): Journal {
  const journal = new Journal('the client', ENV, { kind: 'pushpin', index: 0 });
  const connection = journal.open(0n);
  for (const [id, configs] of events) {
    const received = configs.map(([key, at]) => config(key, at));
    journal.take(connection, BigInt(id), received);
  }
  return journal;
}

const texts = (found: readonly { text: string }[]): string => found.map(({ text }) => text).join('\n');

describe('what a client received', () => {
  const truth = truthOf([
    { configs: [['a', 1]] },
    {
      configs: [
        ['b', 2],
        ['a', 3],
      ],
    },
    { configs: [['b', 4]] },
  ]);

  it('may be every change, or a delta that leaves out what was changed again', () => {
    expect(
      checkJournal(
        journalOf(
          [1, [['a', 1]]],
          [
            3,
            [
              ['b', 2],
              ['a', 3],
            ],
          ],
          [4, [['b', 4]]],
        ),
        truth,
      ),
    ).toEqual([]);
    expect(
      checkJournal(
        journalOf([
          4,
          [
            ['a', 3],
            ['b', 4],
          ],
        ]),
        truth,
      ),
    ).toEqual([]);
  });

  it('may come cut into events, of which an early one leaves out what a later one has in a newer state', () => {
    expect(checkJournal(journalOf([3, [['a', 3]]], [4, [['b', 4]]]), truth)).toEqual([]);
  });

  it('may come twice', () => {
    expect(checkJournal(journalOf([1, [['a', 1]]], [1, [['a', 1]]]), truth)).toEqual([]);
  });

  it('must not go back for a key', () => {
    const journal = journalOf(
      [
        3,
        [
          ['b', 2],
          ['a', 3],
        ],
      ],
      [3, [['a', 1]]],
    );
    expect(texts(checkJournal(journal, truth))).toContain('received a at 1 after 3');
  });

  it('must not leave out a config', () => {
    expect(texts(checkJournal(journalOf([4, [['b', 4]]]), truth))).toContain('stands at 4 without a at 3');
  });

  it('must not leave out a config that was changed again only after the event', () => {
    const future = Math.ceil((performance.timeOrigin + performance.now() + 60_000) * 1000);
    const later = truthOf([{ configs: [['a', 1]] }, { configs: [['b', 2]] }, { configs: [['a', future]] }]);
    expect(texts(checkJournal(journalOf([2, [['b', 2]]]), later))).toContain('stands at 2 without a at 1');
  });

  it('must have been committed, with these bytes', () => {
    expect(texts(checkJournal(journalOf([9, [['z', 9]]]), truth))).toContain('never committed');
    const journal = new Journal('the client', ENV, { kind: 'direct', index: 0 });
    journal.take(journal.open(0n), 1n, [{ ...config('a', 1), digest: 'other' }]);
    expect(texts(checkJournal(journal, truth))).toContain('other bytes');
  });

  it('may be beyond a store that lost writes, and go back from there only if that is forgiven', () => {
    const journal = journalOf(
      [
        3,
        [
          ['b', 2],
          ['a', 3],
        ],
      ],
      [9, [['b', 9]]],
      [
        4,
        [
          ['a', 3],
          ['b', 4],
        ],
      ],
    );
    const check = (loss: Loss) => checkJournal(journal, makeTruth({ ...truth, loss }));
    expect(check('forgiven')).toEqual([]);
    expect(texts(check('strict'))).toContain('received b at 4 after 9');
    expect(texts(check('none'))).toContain('never committed');
  });

  it('must not go back in what an SDK evaluates', () => {
    const see = (...values: [string, string][]) =>
      checkSightings(
        'the SDK',
        ENV,
        values.map(([key, value]) => ({ at: 0, key, value })),
        truth,
      );
    expect(see(['a', 'a 1'], ['b', 'b 4'], ['a', 'a 3'])).toEqual([]);
    expect(texts(see(['a', 'a 3'], ['a', 'a 1']))).toContain('after that of 3');
    expect(texts(see(['a', 'invented']))).toContain('never committed');
  });
});

describe('what a client has at rest', () => {
  const truth = truthOf([{ configs: [['a', 1]] }, { configs: [['b', 2]] }]);

  it('is exactly what the store has', () => {
    expect(differences(journalOf([1, [['a', 1]]], [2, [['b', 2]]]), truth)).toBeUndefined();
  });

  it.each([
    ['a config is missing', journalOf([2, [['b', 2]]]), 'lacks a'],
    [
      'a config is old',
      journalOf([
        2,
        [
          ['a', 0],
          ['b', 2],
        ],
      ]),
      'has a at 0',
    ],
    [
      'a config is beyond',
      journalOf([
        2,
        [
          ['a', 1],
          ['b', 9],
        ],
      ]),
      'has b at 9',
    ],
    [
      'there is one too many',
      journalOf([
        2,
        [
          ['a', 1],
          ['b', 2],
          ['z', 2],
        ],
      ]),
      'does not know',
    ],
    [
      'it stands elsewhere',
      journalOf([
        3,
        [
          ['a', 1],
          ['b', 2],
        ],
      ]),
      'stands at 3',
    ],
  ])('differs when %s', (_, journal, text) => {
    expect(differences(journal, truth)).toContain(text);
  });

  it('may be beyond a store that lost writes, if that is forgiven', () => {
    const journal = journalOf([
      2,
      [
        ['a', 1],
        ['b', 9],
        ['z', 2],
      ],
    ]);
    expect(differences(journal, makeTruth({ ...truth, loss: 'forgiven' }))).toBeUndefined();
    expect(differences(journal, makeTruth({ ...truth, loss: 'strict' }))).toContain('has b at 9');
  });
});

describe('what writers were told', () => {
  const truth = truthOf([
    {
      token: 'w1-1',
      configs: [
        ['a', 1],
        ['writer.w1', 2],
      ],
    },
    {
      token: 'w1-2',
      configs: [
        ['a', 3],
        ['writer.w1', 4],
      ],
    },
  ]);
  const entry = (token: string, outcome: Outcome | undefined, more: Partial<Entry> = {}): Entry => ({
    intent: { token, environment: ENV, configs: [{ key: 'a' }, { key: 'writer.w1' }], valid: true },
    writerKey: 'writer.w1',
    ifVersion: undefined,
    begun: 10,
    settled: 20,
    attempts: 1,
    ...(outcome === undefined ? {} : { outcome }),
    ...more,
  });
  const committed = (a: number, writer: number): Outcome => ({
    kind: 'committed',
    version: BigInt(writer),
    ids: new Map([
      ['a', BigInt(a)],
      ['writer.w1', BigInt(writer)],
    ]),
  });
  const unknown: Outcome = { kind: 'unknown', reason: 'no answer' };
  const problems = (...entries: Entry[]): string => texts(checkCommits(entries, truth, []).violations);

  it('agrees when acknowledged commits are in the store, and others whole or not at all', () => {
    const entries = [entry('w1-1', committed(1, 2)), entry('w1-2', unknown), entry('w1-3', unknown)];
    expect(checkCommits(entries, truth, [])).toMatchObject({ violations: [], unansweredMade: 1 });
  });

  it.each([
    ['an acknowledged commit is missing', entry('w1-3', committed(5, 6)), 'is not in the store'],
    ['it has another version', entry('w1-1', committed(1, 3)), 'was acknowledged as version 3'],
    ['it was refused and made', entry('w1-1', { kind: 'refused', reason: '412' }), 'made all the same'],
    [
      'it was refused without a reason',
      entry('w1-3', { kind: 'refused', reason: '400' }),
      'was refused: 400',
    ],
    [
      'it was made at another version',
      entry('w1-2', committed(3, 4), { ifVersion: 1n }),
      'only, and was made at 2',
    ],
    ['it has no outcome', entry('w1-3', undefined), 'never brought to an end'],
    ['an accepted event is missing', entry('w1-3', { kind: 'accepted' }), 'is not in the store'],
  ])('does not when %s', (_, one, text) => {
    expect(problems(one)).toContain(text);
  });

  it('does not when half of a commit was made', () => {
    const one = entry('w1-1', unknown);
    const whole = { ...one, intent: { ...one.intent, configs: [...one.intent.configs, { key: 'z' }] } };
    expect(problems(whole)).toContain('in part');
  });

  it('does not when a commit was made twice', () => {
    const twice = truthOf([
      { token: 'w1-1', configs: [['writer.w1', 2]] },
      { token: 'w1-1', configs: [['writer.w1', 4]] },
    ]);
    expect(texts(checkCommits([entry('w1-1', unknown)], twice, []).violations)).toContain('made 2 times');
  });

  it('does not when what is not valid was made, or is not among the rejected', () => {
    const one = entry('w1-1', { kind: 'accepted' });
    expect(problems({ ...one, intent: { ...one.intent, valid: false } })).toContain('made all the same');
    const other = entry('w1-9', { kind: 'accepted' });
    expect(problems({ ...other, intent: { ...other.intent, valid: false } })).toContain(
      'not among the rejected',
    );
  });

  it('counts what the store was made to lose, and what nobody wrote back', () => {
    const loss = { from: 15, to: 30 };
    const superseded = entry('w1-1', committed(1, 2));
    const gone = entry('w1-5', committed(7, 8));
    const early = entry('w1-6', committed(9, 10), { begun: 1, settled: 2 });
    const check = checkCommits([superseded, gone, early], truth, [loss]);
    expect(check).toMatchObject({ endangered: 2, lost: ['w1-5'] });
    expect(texts(check.violations)).toContain('w1-6');
  });
});

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

  it('is the time from the acknowledgement to the arrival', () => {
    const check = stale(journal(connection(0, [[3_500, 5]])));
    expect(check).toMatchObject({ longest: 2_500, longestUnexcused: 2_500, violations: [] });
  });

  it('is none when the change came before its acknowledgement, or the client had it when it came', () => {
    expect(stale(journal(connection(0, [[900, 5]]))).longest).toBe(0);
    expect(stale(journal({ ...connection(0, []), from: 5n })).longest).toBe(0);
  });

  it('begins with the hold, and ends with it', () => {
    const check = stale(journal(connection(0, [], 2_000), connection(30_000, [[31_000, 5]])));
    expect(check).toMatchObject({ longest: 1_000, violations: [] });
  });

  it('is a violation beyond the limit', () => {
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

  it('is nothing for a fault on the way to a proxy: T holds although nothing is published', () => {
    expect(staleExcuses(client('pushpin', 0), [happened('publishing cut off')], [])).toEqual([]);
  });

  it('is staleness while the store is away', () => {
    expect(staleExcuses(client('direct', 0), [happened('redis killed')], [])).toEqual([
      { from: 1_000, to: 2_000 },
    ]);
  });

  it('is the end of connections at the server that was down, and no other', () => {
    expect(endExcuses({ kind: 'pushpin', index: 1 }, [happened('pushpin killed', 1)])).toHaveLength(1);
    expect(endExcuses({ kind: 'pushpin', index: 0 }, [happened('pushpin killed', 1)])).toEqual([]);
    expect(endExcuses({ kind: 'pushpin', index: 1 }, [happened('node killed', 1)])).toEqual([]);
    expect(endExcuses({ kind: 'direct', index: 1 }, [happened('node killed', 1)])).toHaveLength(1);
  });

  it('lets a connection end only then', () => {
    const journal = client('pushpin', 0);
    journal.connections.push({ from: 0n, opened: 0, events: [], end: { at: 1_500, how: 'broken' } });
    expect(checkConnections(journal, [{ from: 1_000, to: 2_000 }])).toEqual([]);
    expect(checkConnections(journal, [{ from: 1_600, to: 2_000 }])).toHaveLength(1);
  });

  it('never lets a client be refused by name', () => {
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

  it('may be held until T has passed', () => {
    expect(check(journal(held(0, 1_500)))).toEqual([]);
    expect(check(journal(held(0, 6_900)))).toEqual([]);
  });

  it('may not be held any longer, nor again', () => {
    expect(check(journal(held(0, 7_100)))).toHaveLength(1);
    expect(check(journal(held(0)))).toHaveLength(1);
    expect(check(journal(held(0, 1_500), held(10_000, 10_100)))).toHaveLength(1);
  });

  it('may be held for as long as a fault excuses, and when the revocation may have been lost', () => {
    expect(check(journal(held(0, 8_000)), [{ from: 3_000, to: 5_000 }])).toEqual([]);
    expect(check(journal(held(0)), [], [{ from: 1_500, to: 1_800 }])).toEqual([]);
  });

  it('may be refused by name from then on, and their connections may end', () => {
    const one = journal(held(0, 1_500));
    one.refusals.push({ at: 3_000, text: 'status 401' });
    expect(checkConnections(one, [])).toEqual([]);
    one.refusals.push({ at: 500, text: 'status 401' });
    expect(checkConnections(one, [])).toHaveLength(1);
  });
});
