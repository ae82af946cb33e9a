import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.js';
import { LASTS, startMissedStream } from '../support/missed-stream.js';
import { until } from '../support/until.js';
import { machineOf } from './held-machine.js';

const MINUTE = 60_000;

/**
 * The times of the subscriptions of one client, over that time, to an origin that answers 200 and
 * ends at once.
 */
function subscriptions(time: number, random: () => number): number[] {
  const held = machineOf([true]);
  const times: number[] = [];
  held.start();
  held.answer({ kind: 'snapshot', environment: 1n, version: 5n, age: 0 });
  for (;;) {
    held.chance = random();
    if (held.actions.some(({ kind }) => kind === 'subscribe')) {
      times.push(held.now);
      held.open();
      held.pass(LASTS);
      held.ended();
    }
    if (held.actions.some(({ kind }) => kind === 'fetch')) held.answer({ kind: 'unchanged', age: 0 });
    if (held.machine.wakeAt > time) return times;
    held.pass(held.machine.wakeAt - held.now);
  }
}

/** The same numbers each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('an origin that answers 200 and ends after 25 ms', () => {
  const random = numbers(4711);
  const clients = Array.from({ length: 500 }, () => subscriptions(10 * MINUTE, random));
  const inMinute = (times: readonly number[], minute: number) =>
    times.filter((time) => Math.floor(time / MINUTE) === minute).length;
  const mean = (minute: number) =>
    clients.reduce((sum, times) => sum + inMinute(times, minute), 0) / clients.length;

  it('an origin that answers 200 and ends after 25 ms gets on average at most 10 requests of a client in the first minute, and 5 in each later one', () => {
    expect(mean(0)).toBeLessThan(10);
    for (let minute = 1; minute < 10; minute++) expect(mean(minute)).toBeLessThan(5);
  });

  it('an origin that answers 200 and ends after 25 ms gets them spread: of 500 clients that began in one moment, at most 3 % come in any one of the later tenths of a second', () => {
    const counts = new Map<number, number>();
    for (const time of clients.flat().filter((each) => each > 10_000)) {
      const tenth = Math.floor(time / 100);
      counts.set(tenth, (counts.get(tenth) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBeLessThan(0.03 * clients.length);
  });

  it('an origin that answers 200 and ends after 25 ms gets at least 40 a minute of the public SDK, which takes 200 for a success', async () => {
    const [theirs, ours] = [await startMissedStream(), await startMissedStream()];
    const prefab = new Prefab({
      apiKey: 'any-key',
      sources: [theirs.url],
      enableSSE: true,
      enablePolling: false,
      collectLoggerCounts: false,
      contextUploadMode: 'none',
      collectEvaluationSummaries: false,
    });
    const client = createClient({ key: 'any-key', sources: [ours.url], onWarning: () => undefined });
    try {
      await Promise.all([prefab.init(), client.ready()]);
      const since = performance.now();
      await until('the SDK came five times', () => theirs.connections() >= 5, { timeout: 20_000 });
      const minutes = (performance.now() - since) / MINUTE;
      expect(theirs.connections() / minutes).toBeGreaterThan(40);
      expect(client.status().shortConnections).toBeLessThanOrEqual(ours.connections());
      expect(client.status().sources[0]).toMatchObject({
        state: 'failing',
        problem: expect.stringMatching(/the stream was opened and ended after \d+ ms/) as string,
      });
    } finally {
      prefab.close();
      await client.close();
      await Promise.all([theirs.close(), ours.close()]);
    }
  });
});
