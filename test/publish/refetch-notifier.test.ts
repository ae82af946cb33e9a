import { describe, expect, it } from 'vitest';
import { RefetchNotifier } from '../../src/publish/refetch-notifier.js';
import type { StoredEnvironment, StoredRuleset } from '../../src/store/store.js';
import { createLog } from '../../src/observe/log.js';

const ENVIRONMENTS = 1_000;

/** A notifier of many environments, by a clock that moves when it sleeps or the store reads. */
function load({ readMs }: { readMs: number }) {
  let now = 0;
  let reading = 0;
  const reads: { from: number; to: number }[] = [];
  const stopping = new AbortController();
  const settings = (id: bigint): StoredEnvironment => {
    return { id, projectId: 1n, name: '', version: 1n, clientVersion: 1n, at: 1n, live: 0 };
  };
  const store = {
    environments: () => Promise.resolve(Array.from({ length: ENVIRONMENTS }, (_, i) => settings(BigInt(i)))),
    read: async (id: bigint): Promise<StoredRuleset> => {
      expect(++reading).toBe(1);
      const from = now;
      await Promise.resolve();
      now += readMs;
      reads.push({ from, to: now });
      reading--;
      return { ...settings(id), configs: [] };
    },
  };
  const clock = {
    now: () => now,
    monotonic: () => now,
    random: () => 0.5,
    sleep: (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const notifier = new RefetchNotifier({
    store,
    clock,
    log: createLog('silent'),
    spread: 8_000,
    send: () => undefined,
    settled: () => {
      if (reads.length === ENVIRONMENTS) stopping.abort();
    },
  });
  const done = notifier.load(stopping.signal).finally(() => notifier.stop());
  return done.then(() => ({ reads, took: now }));
}

describe('a new leader of many environments', () => {
  it('a new leader of many environments reads each once, one at a time, and at most 500 a second', async () => {
    const { reads, took } = await load({ readMs: 0 });
    expect(reads).toHaveLength(ENVIRONMENTS);
    expect(took).toBeGreaterThanOrEqual(ENVIRONMENTS * 2);
  });

  it('a new leader of many environments leaves a slow store half of the time to others', async () => {
    const { reads, took } = await load({ readMs: 40 });
    const busy = reads.reduce((sum, { from, to }) => sum + to - from, 0);
    expect(busy / took).toBeLessThanOrEqual(0.5);
  });
});
