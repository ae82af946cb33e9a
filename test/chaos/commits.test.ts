import { describe, expect, it } from 'vitest';
import { checkCommits } from '../../chaos/checks/commits.js';
import { checkInbox } from '../../chaos/checks/inbox.js';
import type { Entry, Outcome } from '../../chaos/writers/ledger.js';
import { text } from '../support/configs.js';
import { ENV, texts, truthOf } from './evidence.js';

describe('the answers that writers got', () => {
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
  const writtenBy = (token: string): string => ({ 'w1-1': 'a 1', 'w1-2': 'a 3' })[token] ?? `a of ${token}`;
  const entry = (token: string, outcome: Outcome | undefined, more: Partial<Entry> = {}): Entry => ({
    intent: {
      token,
      environment: ENV,
      configs: [text('a', writtenBy(token)), text('writer.w1', token)],
      valid: true,
    },
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

  it('the answers that writers got agrees when acknowledged commits are in the store, and others whole or not at all', () => {
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
  ])('the answers that writers got does not when %s', (_, one, text) => {
    expect(problems(one)).toContain(text);
  });

  it('the answers that writers got agrees when a request without an answer was made after its repetition was refused', () => {
    const refused: Outcome = { kind: 'refused', reason: '409 {"code":"segment_missing"}' };
    const more = { intent: { ...entry('w1-2', refused).intent, mayMeet: ['segment_missing'] } };
    expect(problems(entry('w1-2', refused, { ...more, attempts: 2 }))).toBe('');
    expect(problems(entry('w1-2', refused, { ...more, attempts: 1 }))).toContain('made all the same');
    const moved: Outcome = { kind: 'refused', reason: '412 the version is another' };
    expect(problems(entry('w1-2', moved, { attempts: 2, ifVersion: 2n }))).toContain('made all the same');
  });

  it('the answers that writers got does not when half of a commit was made', () => {
    const one = entry('w1-1', unknown);
    const whole = { ...one, intent: { ...one.intent, configs: [...one.intent.configs, { key: 'z' }] } };
    expect(problems(whole)).toContain('in part');
  });

  it('the answers that writers got does not when a commit was made twice', () => {
    const twice = truthOf([
      { token: 'w1-1', configs: [['writer.w1', 2]] },
      { token: 'w1-1', configs: [['writer.w1', 4]] },
    ]);
    expect(texts(checkCommits([entry('w1-1', unknown)], twice, []).violations)).toContain('made 2 times');
  });

  it('the answers that writers got agrees when a node made a commit again for readers of what was lost, and not when it undid another', () => {
    const loss = { from: 1, to: 2 };
    const problem = (...made: Parameters<typeof truthOf>[0]) =>
      texts(checkCommits([entry('w1-1', unknown)], truthOf(made, 'forgiven'), [loss]).violations);
    const whole: [string, number][] = [
      ['a', 1],
      ['writer.w1', 2],
    ];
    const made = (token: string, id: number) => ({
      token,
      configs: [['writer.w1', id]] as [string, number][],
    });
    expect(problem({ token: 'w1-1', configs: whole }, made('w1-1', 6))).toBe('');
    expect(problem({ token: 'w1-1', configs: whole }, made('w1-2', 4), made('w1-1', 6))).toContain(
      'made 2 times',
    );
    // Under `a` a write with a later id was lost too.
    const besides: [string, number][] = [
      ['a', 5],
      ['writer.w1', 6],
    ];
    const again = { ...made('w1-1', 6), configs: besides };
    expect(problem({ token: 'w1-1', configs: whole }, again)).toBe('');
  });

  it('the answers that writers got does not when what is not valid was made, or is not among the rejected', () => {
    const one = entry('w1-1', { kind: 'accepted' });
    expect(problems({ ...one, intent: { ...one.intent, valid: false } })).toContain('made all the same');
    const other = entry('w1-9', { kind: 'accepted' });
    expect(problems({ ...other, intent: { ...other.intent, valid: false } })).toContain(
      'not among the rejected',
    );
  });

  it('the answers that writers got agrees when what a node made after its writer gave up was lost and written back together with other configs', () => {
    const together = truthOf(
      [
        {
          token: 'w1-1',
          configs: [
            ['a', 1],
            ['b', 2],
            ['writer.w1', 3],
          ],
        },
      ],
      'forgiven',
    );
    const loss = { from: 1_000, to: 1_100 };
    expect(texts(checkCommits([entry('w1-1', unknown)], together, [loss]).violations)).toBe('');
    expect(texts(checkCommits([entry('w1-1', unknown)], together, []).violations)).toContain('in part');
  });

  it('the answers that writers got counts what the store was made to lose, and what was not written back', () => {
    const loss = { from: 15, to: 30 };
    const superseded = entry('w1-1', committed(1, 2));
    const later = entry('w1-2', committed(3, 4), { begun: 40, settled: 50 });
    const gone = entry('w1-5', committed(7, 8));
    const early = entry('w1-6', committed(9, 10), { begun: 1, settled: 2 });
    const check = checkCommits([superseded, later, gone, early], truth, [loss]);
    expect(check).toMatchObject({ endangered: 2, lost: ['w1-5'] });
    expect(texts(check.violations)).toContain('w1-6');
  });

  describe('a commit that the store lost and a node had', () => {
    const loss = { from: 15, to: 30, keeper: { node: 1, until: 25 } };
    const gone = entry('w1-5', { ...committed(7, 8), by: 1 } as Outcome);

    it('a commit that the store lost and a node had must be in the store', () => {
      expect(texts(checkCommits([gone], truth, [loss]).violations)).toContain('a node had it');
      const elsewhere = { ...loss, keeper: { node: 2, until: 25 } };
      expect(checkCommits([gone], truth, [elsewhere])).toMatchObject({ violations: [], lost: ['w1-5'] });
    });

    it('a commit that the store lost and a node had may be among the rejected events instead', () => {
      const listed = { ...truth, givenUp: new Set([`${ENV} a`, `${ENV} writer.w1`]) };
      expect(checkCommits([gone], listed, [loss])).toMatchObject({ violations: [], givenUp: 1 });
    });

    it('a commit that the store lost and a node had is not kept by older content under a newer id', () => {
      const restated = truthOf([
        {
          token: 'w1-1',
          configs: [
            ['a', 9],
            ['writer.w1', 10],
          ],
        },
      ]);
      const older = entry('w1-1', committed(9, 10), { begun: 1, settled: 2 });
      expect(texts(checkCommits([older, gone], restated, [loss]).violations)).toContain('a node had it');
    });
  });
});

describe('the inbox', () => {
  const events = ['inbox-1', 'inbox-2'].map((token): Entry => {
    const intent = { token, environment: ENV, configs: [], valid: true };
    const outcome = { kind: 'accepted' } as const;
    return { intent, writerKey: '', ifVersion: undefined, begun: 0, settled: 100, attempts: 1, outcome };
  });
  const made = (...times: number[]) => {
    const base = truthOf(times.map((_, i) => ({ token: `inbox-${i + 1}`, configs: [['writer.w1', i + 1]] })));
    return { ...base, history: base.history.map((change, i) => ({ ...change, at: times[i]! })) };
  };

  it('the inbox may make events wait for those before them, and must not stand still', () => {
    expect(checkInbox(events, made(5_000, 9_000), [], 6_000)).toMatchObject({
      violations: [],
      longest: 4_900,
    });
    const { violations } = checkInbox(events, made(200, 9_000), [], 6_000);
    expect(texts(violations)).toContain('inbox-2 of environment 1 waited 8800 ms');
    expect(checkInbox(events, made(200, 9_000), [{ from: 0, to: 5_000 }], 6_000).violations).toEqual([]);
  });
});
