import { describe, expect, it } from 'vitest';
import { checkCommits } from '../../chaos/checks/commits.js';
import { checkJournal } from '../../chaos/checks/order.js';
import { Random } from '../../chaos/random.js';
import { makeTruth, type Truth } from '../../chaos/truth.js';
import { GIVEN_IDS_STYLE } from '../../chaos/writers/given-ids.js';
import type { Entry, Outcome } from '../../chaos/writers/ledger.js';
import { text } from '../support/configs.js';
import { ENV, journalOf, texts, truthOf } from './evidence.js';

describe('ids that writers give', () => {
  it('ids that writers give are above the version that the writer saw, ascend, and sometimes run far ahead', () => {
    const random = new Random('ids');
    let far = 0;
    for (let i = 0; i < 500; i++) {
      const configs = GIVEN_IDS_STYLE.draw({ writer: 'g', token: `g-${i}`, random, version: 1_000n });
      const ids = configs.map(({ id }) => BigInt(id!));
      expect(ids.every((id, index) => id > (ids[index - 1] ?? 1_000n))).toBe(true);
      if (ids.at(-1)! > 100_000_000n) far++;
    }
    expect(far).toBeGreaterThan(5);
  });
});

describe('what a client received of ids that run ahead of the clock', () => {
  const ahead = Math.ceil((performance.timeOrigin + performance.now() + 60_000) * 1000);
  const changes: [string, number][][] = [[['a', 1]], [['b', 2]], [['a', ahead]]];
  const early = (truth: Truth): Truth =>
    makeTruth({ ...truth, history: truth.history.map((change) => ({ ...change, at: 0 })) });
  const truth = truthOf(changes.map((configs) => ({ configs })));

  it('a client of ids that run ahead may leave out what the feed says was changed again before, although its id is in the future', () => {
    expect(checkJournal(journalOf([2, [['b', 2]]]), early(truth))).toEqual([]);
  });

  it('a client of ids that run ahead may not leave out what the feed says was changed again only later', () => {
    expect(texts(checkJournal(journalOf([2, [['b', 2]]]), truth))).toContain('stands at 2 without a at 1');
  });
});

describe('commits with given ids', () => {
  const committed = (id: number): Outcome => ({
    kind: 'committed',
    version: BigInt(id),
    ids: new Map([['writer.w1', BigInt(id)]]),
  });
  const entry = (token: string, outcome: Outcome, begun: number, givesIds: boolean): Entry => ({
    intent: { token, environment: ENV, configs: [text('writer.w1', token)], valid: true, givesIds },
    writerKey: 'writer.w1',
    ifVersion: undefined,
    begun,
    settled: begun + 5,
    attempts: 1,
    outcome,
  });
  const truth = truthOf([
    { token: 'w1-2', configs: [['writer.w1', 5]] },
    { token: 'w1-1', configs: [['writer.w1', 9]] },
  ]);
  const check = (givesIds: boolean, losses: { from: number; to: number }[]): string => {
    const entries = [entry('w1-1', committed(9), 0, givesIds), entry('w1-2', committed(5), 50, givesIds)];
    return texts(checkCommits(entries, truth, losses).violations);
  };

  it('commits with given ids must not be undone by older content', () => {
    expect(check(true, [])).toContain('w1-2 of environment 1 was acknowledged, and older content');
    expect(check(false, [{ from: 0, to: 20 }])).toContain('older content');
  });

  it('commits with given ids may be undone by a lost commit with a higher id that was committed again', () => {
    expect(check(true, [{ from: 0, to: 20 }])).toBe('');
  });
});
