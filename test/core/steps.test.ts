import { describe, expect, it } from 'vitest';
import { mapSteps, runInSlices, runInTurns, runSoon, runSteps, sortSteps } from '../../src/core/steps.js';
import { Turns } from '../../src/core/turns.js';

const doubled = (numbers: readonly number[]) => mapSteps(numbers, (n) => 2 * n, 1);

describe('work in steps', () => {
  it('gives the same result in one turn and in slices', async () => {
    let turns = 0;
    const slices = {
      isOver: true,
      next: () => {
        turns++;
        return Promise.resolve();
      },
    };
    expect(runSteps(doubled([1, 2, 3]))).toEqual([2, 4, 6]);
    expect(await runInSlices(doubled([1, 2, 3]), slices)).toEqual([2, 4, 6]);
    expect(turns).toBe(3);
  });

  it('goes on in the same turn while its slice lasts', async () => {
    const slices = { isOver: false, next: () => Promise.reject(new Error('not needed')) };
    expect(await runInSlices(doubled([1, 2, 3]), slices)).toEqual([2, 4, 6]);
  });

  it('lets other work run between two slices', async () => {
    const order: string[] = [];
    const turns = new Turns({ slice: 0 });
    const work = (name: string) =>
      runInTurns(
        mapSteps([1, 2], () => order.push(name), 1),
        turns,
      );
    await Promise.all([work('a'), work('b')]);
    expect(order).toEqual(['a', 'b', 'a', 'b']);
  });

  it('work that is short is done in the turn of its caller, and only what is left waits for turns', async () => {
    let scheduled = 0;
    const schedule = (run: () => void): void => {
      scheduled++;
      setImmediate(run);
    };
    let now = 0;
    const turns = new Turns({ slice: 100, monotonic: () => now, schedule });
    const slow = () => mapSteps([1, 2, 3, 4, 5], (n) => ((now += 1.5), n), 1);
    expect(await runSoon(doubled([1, 2, 3]), turns, () => now)).toEqual([2, 4, 6]);
    expect(scheduled).toBe(0);
    expect(await runSoon(slow(), turns, () => now)).toEqual([1, 2, 3, 4, 5]);
    expect(scheduled).toBe(1);
  });

  it('hands an error of a step to the caller', async () => {
    const fail = () => mapSteps([1], () => JSON.parse('no') as number);
    expect(() => runSteps(fail())).toThrow(SyntaxError);
    await expect(runInTurns(fail())).rejects.toThrow(SyntaxError);
  });
});

describe('sortSteps', () => {
  it.each([0, 1, 2, 511, 512, 513, 5_000])('sorts %i elements, stable', (length) => {
    const elements = Array.from({ length }, (_, index) => ({ rank: (index * 7_919) % 97, index }));
    const byRank = (a: { rank: number }, b: { rank: number }) => a.rank - b.rank;
    expect(runSteps(sortSteps(elements, byRank))).toEqual(elements.toSorted(byRank));
  });
});
