import { describe, expect, it } from 'vitest';
import { eventLoop, Turns } from '../../src/core/turns.js';

/** A clock and an event loop by hand. */
function byHand() {
  let now = 0;
  const scheduled: (() => void)[] = [];
  const turns = new Turns({ slice: 10, monotonic: () => now, schedule: (run) => scheduled.push(run) });
  return {
    turns,
    pass: (milliseconds: number) => (now += milliseconds),
    /** Runs one turn: everything that was scheduled before it, as Node runs immediates. */
    turn: async () => {
      for (const run of scheduled.splice(0)) run();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
  };
}

describe('turns of the event loop', () => {
  it('turns of the event loop begin a piece of work in a later turn', async () => {
    const { turns, turn } = byHand();
    let begun = false;
    void turns.begin().then(() => (begun = true));
    await Promise.resolve();
    expect([begun, turns.waiting]).toEqual([false, 1]);
    await turn();
    expect([begun, turns.waiting]).toEqual([true, 0]);
  });

  it('run one slice each, in the order in which works wait', async () => {
    const { turns, turn, pass } = byHand();
    const order: string[] = [];
    const work = async (name: string) => {
      const slices = await turns.begin();
      for (let i = 0; i < 3; i++) {
        order.push(name);
        pass(10);
        await slices.next();
      }
    };
    void work('a');
    void work('b');
    for (let i = 1; i <= 6; i++) {
      await turn();
      expect(order).toHaveLength(i);
    }
    expect(order.join('')).toBe('ababab');
  });

  it('turns of the event loop end a slice after its length, and a new slice has all of it', async () => {
    const { turns, turn, pass } = byHand();
    const begun = turns.begin();
    await turn();
    const slices = await begun;
    pass(9);
    expect(slices.isOver).toBe(false);
    pass(1);
    expect(slices.isOver).toBe(true);
    const next = slices.next();
    await turn();
    await next;
    expect(slices.isOver).toBe(false);
  });

  it('let timers run between the slices of many works', async () => {
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    const work = async () => {
      const slices = await eventLoop.begin();
      for (let i = 0; i < 5; i++) {
        const until = performance.now() + 3;
        while (performance.now() < until);
        await slices.next();
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    clearInterval(timer);
    expect(timers).toBeGreaterThan(20);
  });
});
