import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { leadWhenElected } from '../../src/leader/election.js';
import { LeaseMonitor } from '../../src/leader/lease-monitor.js';
import type { Leadership } from '../../src/store/store.js';
import { openSlowStore, storeAway, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

/**
 * Time is the test's, in steps; all nodes and the store share it, so nothing depends on how fast
 * this machine is.
 */
const STEP = 500;

let slow: SlowStore;
let clock: Clock;
let nodes: Node[];

beforeEach(async () => {
  slow = await openSlowStore();
  clock = new Clock();
  nodes = [];
});

afterEach(async () => {
  for (const node of nodes) node.stop();
  await clock.run(() => nodes.every((node) => node.ended));
  await slow.close();
});

class Clock {
  now = 0;
  readonly #waits = new Set<{ at: number; wake: () => void }>();

  readonly sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wait = {
        at: this.now + milliseconds,
        wake: () => {
          signal.removeEventListener('abort', wait.wake);
          this.#waits.delete(wait);
          resolve();
        },
      };
      this.#waits.add(wait);
      signal.addEventListener('abort', wait.wake);
      if (signal.aborted) wait.wake();
    });

  /** Whatever is under way comes to its next wait before and after the step. */
  async step(): Promise<void> {
    await delay(1);
    this.now += STEP;
    for (const wait of this.#waits) if (wait.at <= this.now) wait.wake();
    await delay(1);
  }

  /** Goes on until the condition holds, and says how much time that took. */
  async run(condition: () => boolean, limit = 60_000): Promise<number> {
    const start = this.now;
    while (!condition()) {
      if (this.now - start > limit) throw new Error(`not within ${limit} ms of the test's time`);
      await this.step();
    }
    return this.now - start;
  }
}

/** A lease on the test's clock, in a store that can be away. */
class TestLeadership implements Pick<Leadership, 'acquire' | 'release'> {
  #lease: { holder: string; until: number } | undefined;
  readonly away = new Set<string>();
  readonly calls: string[] = [];

  async acquire(holder: string, ttl: number): Promise<boolean> {
    this.#ask(holder);
    const free = this.#lease === undefined || this.#lease.until <= clock.now;
    if (!free && this.#lease?.holder !== holder) return false;
    this.#lease = { holder, until: clock.now + ttl };
    return true;
  }

  async release(holder: string): Promise<void> {
    this.#ask(holder);
    this.calls.push(`release ${holder}`);
    if (this.#lease?.holder === holder) this.#lease = undefined;
  }

  /** The store has lost the lease, and another node has it. */
  give(holder: string): void {
    this.#lease = { holder, until: clock.now + 6_000 };
  }

  #ask(holder: string): void {
    if (this.away.has(holder)) throw storeAway();
  }
}

interface Node {
  readonly name: string;
  readonly leading: () => boolean;
  readonly stints: () => number;
  readonly ended: boolean;
  stop(): void;
}

/** @param lead what it does as leader; by default, it waits for the end */
function start(leadership: Pick<Leadership, 'acquire' | 'release'>, name: string, lead = untilAborted): Node {
  const controller = new AbortController();
  let leading = false;
  let stints = 0;
  const node = {
    name,
    leading: () => leading,
    stints: () => stints,
    ended: false,
    stop: () => controller.abort(),
  };
  void leadWhenElected(
    {
      leadership: leadership as Leadership,
      holder: name,
      log: createLog('silent'),
      sleep: clock.sleep,
      now: () => clock.now,
      monitor: new LeaseMonitor({ log: createLog('silent'), now: () => clock.now, work: 'leads' }),
    },
    async (signal) => {
      leading = true;
      stints++;
      try {
        await lead(signal);
      } finally {
        leading = false;
      }
    },
    controller.signal,
  ).then(() => (node.ended = true));
  nodes.push(node);
  return node;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

const leaders = () => nodes.filter((node) => node.leading()).map(({ name }) => name);

describe('of several nodes', () => {
  it('one leads, and goes on as long as it lives', async () => {
    const leadership = new TestLeadership();
    for (const name of ['a', 'b', 'c']) start(leadership, name);
    await clock.run(() => leaders().length > 0);
    const [leader] = leaders();
    for (let i = 0; i < 60; i++) {
      await clock.step();
      expect(leaders()).toEqual([leader]);
    }
  });

  it('another leads within half a second when the leader stops', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    const b = start(leadership, 'b');
    await clock.step();
    a.stop();
    await until('the first to have ended', () => a.ended);
    expect(await clock.run(() => b.leading())).toBeLessThanOrEqual(500);
  });

  it('another leads after six seconds when the leader is gone without a word', async () => {
    const leadership = new TestLeadership();
    leadership.give('dead');
    const b = start(leadership, 'b');
    const waited = await clock.run(() => b.leading());
    expect(waited).toBeGreaterThanOrEqual(6_000);
    expect(waited).toBeLessThanOrEqual(6_500);
  });

  it('one leads on the real lease of the file store', async () => {
    const { leadership } = slow.direct;
    const a = start(leadership, 'a');
    const b = start(leadership, 'b');
    await clock.run(() => leaders().length > 0);
    expect(leaders()).toEqual(['a']);
    a.stop();
    await clock.run(() => b.leading());
    expect(leaders()).toEqual(['b']);
  });
});

describe('a leader', () => {
  it('a leader gives the lease up when its work fails, and takes it again', async () => {
    const leadership = new TestLeadership();
    let fails = 1;
    const a = start(leadership, 'a', async (signal) => {
      if (fails-- > 0) throw new Error('publishing broke');
      await untilAborted(signal);
    });
    expect(await clock.run(() => a.leading())).toBeLessThanOrEqual(500);
    expect(leadership.calls).toEqual(['release a']);
    expect(a.stints()).toBe(2);
  });

  it('a leader leaves the lease to another after a failure, if that one is first', async () => {
    const leadership = new TestLeadership();
    start(leadership, 'a', async () => {
      throw new Error('publishing broke');
    });
    await until('the failure', () => leadership.calls.length === 1);
    const b = start(leadership, 'b');
    await clock.run(() => b.leading());
  });

  it('a leader goes on while the store is unavailable, and steps down when its lease is over', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    const since = clock.now;
    leadership.away.add('a');
    for (let i = 0; i < 10; i++) await clock.step();
    expect(a.leading()).toBe(true);
    await clock.run(() => !a.leading());
    expect(clock.now - since).toBeLessThanOrEqual(6_500);
  });

  it('a leader goes on when the store was away for less than the lease', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    leadership.away.add('a');
    for (let i = 0; i < 9; i++) await clock.step();
    leadership.away.delete('a');
    for (let i = 0; i < 30; i++) await clock.step();
    expect(a).toMatchObject({ ended: false });
    expect([a.leading(), a.stints()]).toEqual([true, 1]);
  });

  it('a leader leads again when the store is back', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    leadership.away.add('a');
    await clock.run(() => !a.leading());
    leadership.away.delete('a');
    expect(await clock.run(() => a.leading())).toBeLessThanOrEqual(500);
  });

  it('a leader steps down as soon as it learns that another has the lease', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    leadership.give('b');
    expect(await clock.run(() => !a.leading())).toBeLessThanOrEqual(2_000);
  });

  it('a leader counts its lease from the question, not from a slow answer', async () => {
    const leadership = new TestLeadership();
    let slowly = false;
    const a = start(
      {
        acquire: async (holder, ttl) => {
          const taken = await leadership.acquire(holder, ttl);
          if (slowly) await clock.sleep(3_000, new AbortController().signal);
          return taken;
        },
        release: (holder) => leadership.release(holder),
      },
      'a',
    );
    await clock.run(() => a.leading());
    slowly = true;
    const asked = clock.now + 500;
    await clock.run(() => clock.now >= asked + 3_000);
    leadership.away.add('a');
    await clock.run(() => !a.leading());
    expect(clock.now - asked).toBeLessThanOrEqual(7_000);
  });

  it('a leader that is stopped ends its work before it gives the lease up', async () => {
    const leadership = new TestLeadership();
    let finish = (): void => undefined;
    const a = start(leadership, 'a', async (signal) => {
      await untilAborted(signal);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await clock.run(() => a.leading());
    a.stop();
    await clock.step();
    expect(leadership.calls).toEqual([]);
    finish();
    await until('the end', () => a.ended);
    expect(leadership.calls).toEqual(['release a']);
  });
});

describe('a node that is stopped', () => {
  it('a node that is stopped before it leads never does', async () => {
    const leadership = new TestLeadership();
    leadership.give('other');
    const a = start(leadership, 'a');
    await clock.step();
    a.stop();
    await until('the end', () => a.ended);
    expect(a.stints()).toBe(0);
  });

  it('a node that is stopped while the store is unavailable ends all the same', async () => {
    const leadership = new TestLeadership();
    const a = start(leadership, 'a');
    await clock.run(() => a.leading());
    leadership.away.add('a');
    a.stop();
    await until('the end', () => a.ended);
  });
});
