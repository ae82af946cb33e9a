import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxLimits } from '../../src/publish/outbox/outbox.js';
import { readFeedHistory, type History } from '../../src/publish/history.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';

const ENV = 7n;
let slow: SlowStore;
/** The feed's positions: before anything, and after each of five changes. */
let positions: string[];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  positions = [await slow.direct.head()];
  for (let i = 1; i <= 5; i++) {
    await commitConfigs(slow.direct, ENV, i === 5 ? sized('large', 2_000) : flag(`key-${i}`));
    positions.push(await slow.direct.head());
  }
});

afterEach(() => slow.close());

const ROOM: OutboxLimits = { entries: 100, bytes: 1e6 };

function read(cursors: string[], limits = ROOM, signal = new AbortController().signal): Promise<History> {
  return readFeedHistory(slow.store, cursors, positions[5]!, limits, signal);
}

const at = ({ entries }: History) => entries.map(({ position }) => position);

describe('the history', () => {
  it('the history begins after the oldest cursor and ends at the head', async () => {
    const history = await read([positions[3]!, positions[1]!, positions[4]!]);
    expect(history.cursor).toBe(positions[1]);
    expect(at(history)).toEqual(positions.slice(2));
  });

  it('the history is empty when the only cursor is at the head', async () => {
    expect(await read([positions[5]!])).toEqual({ cursor: positions[5], entries: [] });
  });

  it('the history is nothing without cursors', async () => {
    expect(await read([])).toEqual({ cursor: undefined, entries: [] });
  });

  it('the history leaves out a cursor that the feed does not reach back to', async () => {
    const history = await read(['no position', positions[4]!]);
    expect(history.cursor).toBe(positions[4]);
    expect(at(history)).toEqual([positions[5]]);
  });

  it('the history leaves out a cursor with more entries behind it than are kept', async () => {
    slow.onFeed((signal) =>
      signal.kind === 'entries' && signal.entries.length > 3 ? split(signal) : [signal],
    );
    expect(await read([positions[0]!], { entries: 3, bytes: 1e6 })).toEqual({
      cursor: undefined,
      entries: [],
    });
    expect((await read([positions[0]!, positions[4]!], { entries: 3, bytes: 1e6 })).cursor).toBe(
      positions[4],
    );
  });

  it('the history leaves out a cursor with more bytes behind it than are kept', async () => {
    const limits = { entries: 100, bytes: 1_000 };
    await commitConfigs(slow.direct, ENV, flag('last'));
    positions[5] = await slow.direct.head();
    slow.onFeed((signal) => split(signal));
    expect((await read([positions[0]!], limits)).cursor).toBeUndefined();
    expect((await read([positions[0]!], ROOM)).cursor).toBe(positions[0]);
  });

  it('the history is given up at an abort', async () => {
    const controller = new AbortController();
    controller.abort();
    expect(await read([positions[0]!], ROOM, controller.signal)).toEqual({ cursor: undefined, entries: [] });
  });
});

/** One entry per signal. */
function split(signal: Parameters<Parameters<SlowStore['onFeed']>[0]>[0]) {
  if (signal.kind !== 'entries') return [signal];
  return signal.entries.map((entry) => ({ kind: 'entries' as const, entries: [entry] }));
}
