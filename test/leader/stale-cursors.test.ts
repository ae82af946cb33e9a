/** Cursors of receivers that are gone, on the leadership of a real file store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StaleCursors } from '../../src/leader/stale-cursors.js';
import { silent } from '../store/fixtures.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';

const MINUTE = 60_000;
let slow: SlowStore;
let now: number;
let present: string[];

beforeEach(async () => {
  slow = await openSlowStore();
  now = 1_000;
  present = ['a'];
  await slow.store.leadership.acquire('one', 24 * 60 * MINUTE);
  for (const name of ['a', 'b']) await slow.store.leadership.saveCursors('one', new Map([[name, '5']]));
});

afterEach(() => slow.close());

function staleCursors(holder = 'one'): StaleCursors {
  const clock = { monotonic: () => now, sleep: () => Promise.resolve() };
  const { leadership } = slow.store;
  return new StaleCursors({ leadership, holder, present: () => present, clock, log: silent });
}

const names = async () => [...(await slow.store.leadership.cursors()).keys()];

describe('cursors of proxies that are gone', () => {
  it('a cursor is removed when its proxy has been gone for an hour, and not before', async () => {
    const stale = staleCursors();
    await stale.remove();
    now += 59 * MINUTE;
    await stale.remove();
    expect(await names()).toEqual(['a', 'b']);
    now += MINUTE;
    await stale.remove();
    expect(await names()).toEqual(['a']);
  });

  it('a cursor stays when its proxy comes back in the meantime, and its hour begins again', async () => {
    const stale = staleCursors();
    await stale.remove();
    now += 59 * MINUTE;
    present = ['a', 'b'];
    await stale.remove();
    present = ['a'];
    now += 10 * MINUTE;
    await stale.remove();
    now += 59 * MINUTE;
    await stale.remove();
    expect(await names()).toEqual(['a', 'b']);
  });

  it('a cursor is not removed by a node that no longer leads', async () => {
    const stale = staleCursors('two');
    await stale.remove();
    now += 61 * MINUTE;
    await stale.remove();
    expect(await names()).toEqual(['a', 'b']);
  });

  it('a store that is unavailable does not end the looking', async () => {
    const stopping = new AbortController();
    let looks = 0;
    const clock = {
      monotonic: () => now,
      sleep: () => {
        if (++looks === 3) stopping.abort();
        return Promise.resolve();
      },
    };
    const leadership = {
      cursors: () => Promise.reject(new Error('away')),
      removeCursors: () => Promise.resolve(true),
    };
    await new StaleCursors({ leadership, holder: 'one', present: () => [], clock, log: silent }).run(
      stopping.signal,
    );
    expect(looks).toBe(3);
  });
});
