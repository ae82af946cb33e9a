import { describe, expect, it } from 'vitest';
import { checkJournal, checkSightings } from '../../chaos/checks/order.js';
import { differences } from '../../chaos/clients/held.js';
import { Journal } from '../../chaos/clients/journal.js';
import { makeTruth, type Loss } from '../../chaos/truth.js';
import { config, ENV, journalOf, texts, truthOf } from './evidence.js';

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

  it('what a client received may be every change, or a delta that leaves out what was changed again', () => {
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

  it('what a client received may come cut into events, of which an early one leaves out what a later one has in a newer state', () => {
    expect(checkJournal(journalOf([3, [['a', 3]]], [4, [['b', 4]]]), truth)).toEqual([]);
  });

  it('what a client received may come twice', () => {
    expect(checkJournal(journalOf([1, [['a', 1]]], [1, [['a', 1]]]), truth)).toEqual([]);
  });

  it('what a client received must not go back for a key', () => {
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

  it('what a client received must not leave out a config', () => {
    expect(texts(checkJournal(journalOf([4, [['b', 4]]]), truth))).toContain('stands at 4 without a at 3');
  });

  it('what a client received must not leave out a config that was changed again only after the event', () => {
    const future = Math.ceil((performance.timeOrigin + performance.now() + 60_000) * 1000);
    const later = truthOf([{ configs: [['a', 1]] }, { configs: [['b', 2]] }, { configs: [['a', future]] }]);
    expect(texts(checkJournal(journalOf([2, [['b', 2]]]), later))).toContain('stands at 2 without a at 1');
  });

  it('what a client received must have been committed, with these bytes', () => {
    expect(texts(checkJournal(journalOf([9, [['z', 9]]]), truth))).toContain('never committed');
    const journal = new Journal('the client', ENV, { kind: 'direct', index: 0 });
    const event = { id: 1n, configs: [{ ...config('a', 1), digest: 'other' }] };
    journal.take(journal.open(0n), event);
    expect(texts(checkJournal(journal, truth))).toContain('other bytes');
  });

  it('what a client received may be beyond a store that lost writes, and go back from there only if that is forgiven', () => {
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

  it('what a client received must not go back in what an SDK evaluates', () => {
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

  it('what a client has at rest is exactly what the store has', () => {
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
  ])('what a client has at rest differs when %s', (_, journal, text) => {
    expect(differences(journal, truth)).toContain(text);
  });

  it('what a client has at rest may be beyond a store that lost writes, if that is forgiven', () => {
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
