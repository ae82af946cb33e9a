import { describe, expect, it } from 'vitest';
import { checkContexts, checkSettings } from '../../chaos/checks/settings.js';
import { Journal, type LossSpan } from '../../chaos/clients/journal.js';
import { makeTruth, type Truth } from '../../chaos/truth.js';
import type { Entry, Outcome } from '../../chaos/writers/ledger.js';
import { ENV, texts } from './evidence.js';

/** A store whose environment had these default contexts, one after the other. */
function storeAfter(contexts: string[], losses?: LossSpan[]): Truth {
  const history = contexts.map((context, index) => ({
    environment: ENV,
    previous: BigInt(index),
    version: BigInt(index + 1),
    at: index,
    configs: [],
    context,
  }));
  const version = BigInt(contexts.length);
  return makeTruth({
    rulesets: new Map([[ENV, { version, context: contexts.at(-1), configs: new Map() }]]),
    history,
    loss: losses === undefined ? 'none' : 'forgiven',
    losses: losses ?? [],
    rejected: new Set(),
    givenUp: new Set(),
    waiting: 0,
  });
}

const committed: Outcome = { kind: 'committed', version: 1n, ids: new Map() };

function put(token: string, begun: number, outcome: Outcome = committed, attempts = 1): Entry {
  const intent = { token, environment: ENV, configs: [], valid: true, isSettings: true };
  return { intent, writerKey: '', ifVersion: undefined, begun, settled: begun + 5, attempts, outcome };
}

describe('the answers to changes of default contexts', () => {
  const problems = (entries: Entry[], truth: Truth): string =>
    texts(checkSettings(entries, truth, []).violations);

  it('answers to changes of default contexts agree when each was in the store, and the last one is', () => {
    expect(problems([put('a', 0), put('b', 10)], storeAfter(['a', 'b']))).toBe('');
  });

  it('answers to changes of default contexts agree when a request without an answer was made after a later one', () => {
    const late = put('a', 0, { kind: 'unknown', reason: 'no answer' });
    expect(problems([late, put('b', 10)], storeAfter(['b', 'a']))).toBe('');
  });

  it('answers to changes of default contexts do not agree when one was refused, was never in the store, or was undone by an older one', () => {
    expect(problems([put('a', 0, { kind: 'refused', reason: '409' })], storeAfter(['a']))).toContain(
      'refused',
    );
    expect(problems([put('a', 0), put('b', 10)], storeAfter(['a']))).toContain('the store never had it');
    expect(problems([put('a', 0), put('b', 10)], storeAfter(['b', 'a']))).toContain('a is in its place');
  });

  it('answers to changes of default contexts count as lost what the store was made to lose, and nothing else', () => {
    const loss = { from: 8, to: 30 };
    const check = checkSettings([put('a', 0), put('b', 10)], storeAfter(['a'], [loss]), [loss]);
    expect(check).toMatchObject({ violations: [], endangered: 1, lost: 1 });
    const elsewhere = { ...loss, environment: 2n };
    expect(
      checkSettings([put('a', 0), put('b', 10)], storeAfter(['a'], [elsewhere]), [elsewhere]).violations,
    ).toHaveLength(1);
  });

  it('answers to changes of default contexts after a loss may be undone only where ids run ahead of the clock', () => {
    const loss = { from: 1, to: 2 };
    const after = put('b', 10);
    const given = { ...put('c', 0), intent: { ...put('c', 0).intent, isSettings: false, givesIds: true } };
    const undone = storeAfter(['b', 'a'], [loss]);
    expect(checkSettings([after, given], undone, [loss])).toMatchObject({ violations: [], lost: 1 });
    expect(checkSettings([after], undone, [loss]).violations).toHaveLength(1);
  });
});

describe('the default contexts that clients received', () => {
  const journal = (...events: [bigint, string | undefined][]): Journal => {
    const made = new Journal('the client', ENV, { kind: 'pushpin', index: 0 });
    const connection = made.open(0n);
    for (const [id, context] of events) connection.events.push({ at: 50, id, configs: [], context });
    return made;
  };
  const truth = storeAfter(['a', 'b']);

  it('default contexts that clients received are that of the version, or of a later one', () => {
    expect(checkContexts(journal([1n, 'a'], [2n, 'b']), truth)).toEqual([]);
    expect(checkContexts(journal([1n, 'b']), truth)).toEqual([]);
  });

  it('default contexts that clients received are not one that was replaced before, or that never was', () => {
    expect(texts(checkContexts(journal([2n, 'a']), truth))).toContain('replaced before');
    expect(texts(checkContexts(journal([2n, 'c']), truth))).toContain('never was');
    expect(texts(checkContexts(journal([2n, undefined]), truth))).toContain('none');
  });

  it('default contexts that clients received are judged until the store lost writes of the environment, and not after it', () => {
    const lost = (span: LossSpan): Truth => storeAfter(['a', 'b'], [span]);
    expect(checkContexts(journal([2n, 'c']), lost({ from: 60, to: 70 }))).toHaveLength(1);
    expect(checkContexts(journal([2n, 'c']), lost({ from: 60, to: 70, environment: 9n }))).toHaveLength(1);
    expect(checkContexts(journal([2n, 'c']), lost({ from: 40, to: 70 }))).toEqual([]);
  });
});
