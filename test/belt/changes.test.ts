/** Tests of the uploads that a bucket has yet to get, and of the cursor that follows from them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingUploads, REST_MS } from '../../src/belt/writer/changes.js';

const mark = (before: number, at = before) => ({ before: `${before}`, at });

describe('changes', () => {
  it('changes are one write, however many there were', () => {
    const changes = new PendingUploads();
    for (let i = 0; i < 5; i++) changes.mark(1n, mark(i));
    expect(changes.take(0)).toMatchObject({ environment: 1n, pending: { before: '0', at: 0 } });
    expect(changes.take(0)).toBeUndefined();
  });

  it('changes that come while their environment is written are written after it', () => {
    const changes = new PendingUploads();
    changes.mark(1n, mark(0));
    changes.take(0);
    changes.mark(1n, mark(1));
    expect(changes.take(0)).toBeUndefined();
    changes.written(1n, 0);
    expect(changes.size).toBe(1);
    expect(changes.take(REST_MS)).toMatchObject({ environment: 1n });
  });

  it('changes wait until a second has passed since the last write of their environment began, and others do not', () => {
    const changes = new PendingUploads();
    changes.mark(1n, mark(0));
    changes.take(500);
    changes.written(1n, 500);
    changes.mark(1n, mark(1));
    changes.mark(2n, mark(2));
    expect(changes.take(600)).toMatchObject({ environment: 2n });
    expect(changes.due(600)).toBe(900);
    expect(changes.take(1_499)).toBeUndefined();
    expect(changes.take(1_500)).toMatchObject({ environment: 1n });
  });

  it('changes do not wait when there is no time left', () => {
    const changes = new PendingUploads();
    changes.mark(1n, mark(0));
    changes.take(0);
    changes.written(1n, 0);
    changes.mark(1n, mark(1));
    expect(changes.take(1, true)).toMatchObject({ environment: 1n });
  });

  it('changes that could not be written are the oldest again, and remember that the snapshot is to be repaired', () => {
    const changes = new PendingUploads();
    changes.mark(1n, { ...mark(0), repair: true });
    changes.take(0);
    changes.mark(1n, mark(5));
    changes.failed(1n);
    expect(changes.cursor('9')).toBe('0');
    expect(changes.oldest).toBe(0);
    expect(changes.take(0)?.pending).toMatchObject({ before: '0', at: 0, repair: true });
  });

  it('changes of an environment that failed wait for their time, also while there is no time left, and others do not', () => {
    const changes = new PendingUploads();
    changes.mark(1n, mark(0));
    changes.take(0);
    changes.failed(1n, 500);
    changes.mark(2n, mark(1));
    expect(changes.take(100)).toMatchObject({ environment: 2n });
    changes.written(2n, 100);
    expect(changes.take(100, true)).toBeUndefined();
    expect([changes.due(100), changes.failures(1n)]).toEqual([400, 1]);
    expect(changes.take(500)).toMatchObject({ environment: 1n });
    changes.failed(1n, 900);
    expect(changes.failures(1n)).toBe(2);
    changes.take(900);
    changes.written(1n, 900);
    expect(changes.failures(1n)).toBe(0);
  });

  it('changes leave no cursor while one is not written that no position stands for', () => {
    const changes = new PendingUploads();
    changes.mark(1n, { before: undefined, at: 0 });
    changes.mark(2n, mark(1));
    expect(changes.cursor('9')).toBeUndefined();
    changes.take(0);
    changes.written(1n, 0);
    expect(changes.cursor('9')).toBe('1');
  });

  it('changes never let the cursor pass a change that is not written, whatever happens in which order', () => {
    // Change number n is at position n + 1, so it is after a cursor of n or less.
    const actions = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('change' as const), environment: fc.bigInt({ min: 1n, max: 4n }) }),
        fc.record({
          do: fc.constantFrom('take', 'written', 'failed'),
          environment: fc.bigInt({ min: 1n, max: 4n }),
        }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(actions, (all) => {
        const changes = new PendingUploads();
        /**
         * The newest change of each environment, those that a write under way has seen, and those
         * that are written.
         */
        const newest = new Map<bigint, number>();
        const writing = new Map<bigint, number>();
        const written = new Map<bigint, number>();
        let last = 0;
        let now = 0;
        for (const action of all) {
          now += 300;
          if (action.do === 'change') {
            changes.mark(action.environment, mark(last));
            newest.set(action.environment, ++last);
          } else if (action.do === 'take') {
            const taken = changes.take(now)?.environment;
            if (taken !== undefined) writing.set(taken, newest.get(taken) ?? 0);
          } else if (writing.has(action.environment)) {
            const seen = writing.get(action.environment) ?? 0;
            writing.delete(action.environment);
            if (action.do === 'written') {
              changes.written(action.environment, now);
              written.set(action.environment, seen);
            } else changes.failed(action.environment);
          }
          const cursor = Number(changes.cursor(`${last}`));
          for (const [environment, change] of newest) {
            if ((written.get(environment) ?? 0) < change && cursor >= change) return false;
          }
        }
        return true;
      }),
    );
  });
});
