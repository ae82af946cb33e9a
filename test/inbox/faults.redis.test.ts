/**
 * The inbox under faults, on a real Redis: every event is decided once and in order, wherever a
 * consumer is interrupted.
 */
import { describe, expect, it } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import type { Commit, Store } from '../../src/store/store.js';
import { settings, TESTER } from '../support/commits.js';
import {
  at,
  change,
  dies,
  fails,
  INBOX,
  REJECTED,
  type Fault,
  type Faults,
  type Step,
} from '../support/inbox.js';
import { until } from '../support/until.js';
import { sharedInbox } from '../support/shared.js';

const stack = sharedInbox();

/** Three changes, one that repeats the first, one that is invalid, and two more. */
async function addMixed(): Promise<void> {
  const add = (key: string, event: string) =>
    stack.add(['environment', '1'], ['event', event], ['json', JSON.stringify({ configs: [change(key)] })]);
  await add('a', '1');
  await stack.addChange(2, change('b'));
  await add('a', '1');
  await stack.add(['environment', '1'], ['json', 'nonsense']);
  await add('c', '2');
  await stack.addChange(2, change('d'));
}

async function expectMixed(): Promise<void> {
  await stack.settled();
  expect(await stack.committed()).toEqual(['a', 'b', 'c', 'd']);
  expect(await stack.raw.xlen(REJECTED)).toBe(1);
  expect(await stack.raw.xpending(INBOX, 'holdfast')).toEqual([0, null, null, null]);
}

const STEPS: [Step, number][] = [
  ['repeated', 1],
  ['repeated', 2],
  ['version', 2],
  ['time', 2],
  ['time', 3],
  ['commit', 1],
  ['commit', 2],
  ['commit', 4],
  ['acknowledge', 1],
  ['reject', 1],
];
const MOMENTS = STEPS.flatMap(([step, n]) => [
  { step, n, when: 'before' as const },
  { step, n, when: 'after' as const },
]);

describe('a consumer that dies', () => {
  it.each(MOMENTS)('$when call $n of $step is followed by one that goes on', async ({ step, n, when }) => {
    await addMixed();
    let reached = (): void => undefined;
    const death = new Promise<void>((resolve) => (reached = resolve));
    const dying: Fault = () => {
      reached();
      return dies();
    };
    await stack.consume({ faults: { [step]: { [when]: at(n, dying) } } });
    await death;
    await stack.consume();
    await expectMixed();
  });
});

describe('a consumer that loses its connection', () => {
  it.each(MOMENTS)('$when call $n of $step goes on itself', async ({ step, n, when }) => {
    await addMixed();
    const { counts } = await stack.consume({ faults: { [step]: { [when]: at(n, fails()) } } });
    await expectMixed();
    expect(counts.rejected).toHaveLength(step === 'reject' && when === 'after' ? 0 : 1);
  });

  it('a consumer that loses its connection at every second call goes on too', async () => {
    await addMixed();
    let calls = 0;
    const everySecond: Fault = () => {
      if (++calls % 2 === 0) return fails()();
    };
    const fault = { before: everySecond, after: everySecond };
    const faults: Faults = { commit: fault, acknowledge: fault, reject: fault };
    await stack.consume({ faults });
    await expectMixed();
  });
});

describe('several consumers at the same time', () => {
  it('commit each event once and in order', async () => {
    for (let i = 0; i < 60; i++) await stack.addChange(1 + (i % 2), change(`k${i}`));
    const all = await Promise.all([stack.consume(), stack.consume(), stack.consume()]);
    for (let i = 60; i < 150; i++) {
      await stack.addChange(1 + (i % 2), change(`k${i}`));
      if (i % 10 === 0) await stack.add(['environment', '1'], ['json', 'nonsense']);
    }
    await stack.settled();
    expect(await stack.committed()).toEqual(Array.from({ length: 150 }, (_, i) => `k${i}`));
    expect(all.reduce((sum, { counts }) => sum + counts.committed, 0)).toBe(150);
    expect(all.reduce((sum, { counts }) => sum + counts.rejected.length, 0)).toBe(9);
    expect(await stack.raw.xlen(REJECTED)).toBe(9);
  });

  it('several consumers at the same time keep the order when one that was paused has an older event', async () => {
    const first = await stack.addChange(1, change('a'));
    await stack.raw.xgroup('CREATE', INBOX, 'holdfast', '0');
    await stack.raw.xreadgroup('GROUP', 'holdfast', 'paused', 'COUNT', 1, 'STREAMS', INBOX, '>');
    const second = await stack.addChange(1, change('b'));
    await stack.raw.xreadgroup('GROUP', 'holdfast', 'other', 'COUNT', 1, 'STREAMS', INBOX, '>');
    const store = await stack.open();
    expect((await store.commit(await commitOf(store, second, 'b'))).kind).toBe('early');
    expect(await store.inbox!.acknowledge(second)).toBe('early');
    expect(await store.inbox!.reject(second, rejection)).toBe('early');
    await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(['a', 'b']);
    expect((await store.commit(await commitOf(store, first, 'a'))).kind).toBe('decided');
  });
});

const rejection = { code: 'x', message: 'y', field: undefined, at: '' };

/** The change that a consumer would commit for an event. */
async function commitOf(store: Store, event: string, key: string): Promise<Commit> {
  const stored = (await store.read(1n))!;
  const ruleset = new Ruleset({ ...stored, environment: 1n, envelope: encodeEnvelope(stored) });
  const submitted = readSubmittedJson({ configs: [change(key)] });
  const plan = planChange({ ruleset, settings: settings(1n) }, submitted, await store.time());
  return { environment: 1n, by: TESTER, expect: stored.version, change: plan.change, live: plan.live, event };
}

describe('an event that is decided', () => {
  it('an event that is decided is not decided again, however', async () => {
    const event = await stack.addChange(1, change('a'));
    await stack.consume();
    await stack.settled();
    const store = await stack.open();
    const before = await stack.raw.xlen('{holdfast}:feed');
    expect((await store.commit(await commitOf(store, event, 'b'))).kind).toBe('decided');
    expect(await store.inbox!.acknowledge(event)).toBe('decided');
    expect(await store.inbox!.reject(event, rejection)).toBe('decided');
    expect(await stack.raw.xlen('{holdfast}:feed')).toBe(before);
    expect(await stack.raw.exists(REJECTED)).toBe(0);
  });
});

describe('a hand in the stream', () => {
  /** Events that a consumer died with, and a hand's work on them before the next one comes. */
  async function afterDeath(hand: (ids: string[]) => Promise<unknown>): Promise<string[]> {
    const ids = [];
    for (const key of ['a', 'b', 'c']) ids.push(await stack.addChange(1, change(key)));
    let reached = (): void => undefined;
    const death = new Promise<void>((resolve) => (reached = resolve));
    const faults: Faults = { commit: { before: () => (reached(), dies()) } };
    await stack.consume({ consumer: 'dead', faults });
    await death;
    await hand(ids);
    await stack.consume();
    await stack.settled();
    expect(await stack.raw.xpending(INBOX, 'holdfast')).toEqual([0, null, null, null]);
    return stack.committed();
  }

  it.each<[string, (ids: string[]) => Promise<unknown>]>([
    ['acknowledges one', (ids) => stack.raw.xack(INBOX, 'holdfast', ids[0]!)],
    ['removes the consumer', () => stack.raw.xgroup('DELCONSUMER', INBOX, 'holdfast', 'dead')],
    ['removes the group', () => stack.raw.xgroup('DESTROY', INBOX, 'holdfast')],
    ['moves the group ahead', () => stack.raw.xgroup('SETID', INBOX, 'holdfast', '$')],
  ])('a hand in the stream that %s loses nothing', async (_, hand) => {
    expect(await afterDeath(hand)).toEqual(['a', 'b', 'c']);
  });

  it('a hand in the stream takes an event back by deleting it', async () => {
    expect(await afterDeath((ids) => stack.raw.xdel(INBOX, ids[0]!))).toEqual(['b', 'c']);
  });

  it('a hand in the stream that deletes everything stops no consumer', async () => {
    await stack.consume();
    await stack.raw.del(INBOX);
    await until('the group is there again', async () => (await stack.raw.exists(INBOX)) === 1);
    await stack.addChange(1, change('a'));
    await stack.settled();
    expect(await stack.committed()).toEqual(['a']);
  });
});

describe('consumers that are gone', () => {
  it('consumers that are gone leave no trace in the group', async () => {
    for (let i = 0; i < 5; i++) {
      await stack.addChange(1, change(`k${i}`));
      const { stop } = await stack.consume({ consumer: `node-${i}` });
      await stack.settled();
      await stop();
    }
    const consumers = (await stack.raw.xinfo('CONSUMERS', INBOX, 'holdfast')) as string[][];
    expect(consumers.map(([, name]) => name)).toEqual(['node-4']);
  });
});
