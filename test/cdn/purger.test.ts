/** The purger on a real store, against a strict stand-in for Fastly's API. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { Purger } from '../../src/cdn/purger.js';
import { REPEAT_MS } from '../../src/cdn/purge-queue.js';
import { commitConfigs, createEnvironment, keyNamed } from '../support/commits.js';
import { flag } from '../ruleset/arbitrary.js';
import { startFastlyApi, type FastlyApi } from '../support/fastly-api.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const DELAY = 40;

let slow: SlowStore;
let api: FastlyApi;
let lags: number[];
let sleeps: number[];
let logs: string[];
let failures: number;
let stops: (() => Promise<void>)[];
/** Milliseconds that the clock is ahead. */
let ahead: number;

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, 7n);
  api = await startFastlyApi({ now: () => Date.now() + ahead });
  [lags, sleeps, logs, failures, stops, ahead] = [[], [], [], 0, [], 0];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  expect(api.broken).toEqual([]);
  await api.close();
  await slow.close();
});

/**
 * Leads; resolves to what ends it. Waits for the API are cut short, and the clock goes on by what
 * they were.
 */
async function lead(holder = 'a', wait = DELAY): Promise<{ purger: Purger; stop: () => Promise<void> }> {
  const purger = new Purger({
    store: slow.store,
    target: { url: api.url, token: api.token },
    delay: wait,
    holder,
    log: createLog('info', { write: (line) => void logs.push(line) }),
    events: {
      purged: () => undefined,
      failed: () => failures++,
      lag: (milliseconds) => lags.push(milliseconds),
    },
    clock: {
      monotonic: () => Date.now() + ahead,
      sleep: async (milliseconds, signal) => {
        sleeps.push(milliseconds);
        if (milliseconds <= wait || milliseconds > 30_000) {
          await delay(milliseconds, undefined, { signal }).catch(() => undefined);
          return;
        }
        const started = Date.now();
        await delay(30, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) ahead += milliseconds - (Date.now() - started);
      },
      now: () => Date.now() + ahead,
      random: () => 1,
    },
  });
  await slow.direct.leadership.acquire(holder, 60_000);
  const controller = new AbortController();
  const leading = purger.lead(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await leading;
    await slow.direct.leadership.release(holder);
  };
  stops.push(stop);
  return { purger, stop };
}

const commit = (environment = 7n) => commitConfigs(slow.direct, environment, flag('a'));
const purged = () => api.purges.flat();

describe('a change', () => {
  it('a change is purged when nodes had the time to follow, once more later, and measured', async () => {
    const { purger } = await lead();
    await commit();
    await until('both purges', () => api.purges.length === 2);
    expect(api.purges[0]).toContain('environment-7');
    expect(api.purges[1]).toEqual(api.purges[0]);
    expect(Math.min(...lags)).toBeGreaterThanOrEqual(DELAY);
    expect(sleeps.some((milliseconds) => milliseconds > DELAY && milliseconds <= REPEAT_MS)).toBe(true);
    expect(purger.waiting).toBe(0);
  });

  it('a change of which there are many is purged in few requests', async () => {
    for (let id = 100n; id < 140n; id++) await createEnvironment(slow.direct, id);
    await lead('a', 1_000);
    for (let round = 0; round < 3; round++) for (let id = 100n; id < 140n; id++) await commit(id);
    await until('all environments', () => new Set(purged()).size >= 40);
    // 120 changes take some seconds, and each goes twice.
    expect(api.statuses.length).toBeLessThan(30);
  });

  it('a change of a key that is revoked is one too', async () => {
    await slow.direct.addKey(keyNamed('k', 7n));
    await lead();
    await slow.direct.revokeKey('k', Date.now());
    await until('the purge', () => purged().includes('values-7'));
  });
});

describe('an API that is not well', () => {
  it('an API that is not well is tried again with backoff, and nothing is lost', async () => {
    await lead();
    api.failures.push(503, 'cut', 500);
    await commit();
    await until('the purge', () => purged().includes('environment-7'));
    expect(failures).toBe(3);
    expect(sleeps.filter((milliseconds) => [1_000, 2_000, 4_000].includes(milliseconds))).toEqual([
      1_000, 2_000, 4_000,
    ]);
    expect(logs.filter((line) => line.includes('cannot be purged'))).toHaveLength(1);
    expect(logs.join()).not.toContain(api.token);
  });

  it('an API that is not well is left alone for as long as it asks', async () => {
    await api.close();
    api = await startFastlyApi({ limit: 1, window: 25, now: () => Date.now() + ahead });
    await lead();
    await commit();
    await until('the first purge', () => purged().length > 0);
    await commit();
    await until('the second', () => api.statuses.filter((status) => status === 200).length >= 2);
    // One request too many told it the reset; none came before that.
    expect(api.broken.filter((rule) => rule.includes('before the reset'))).toEqual([]);
    api.broken.length = 0;
  });
});

describe('another leader', () => {
  it('goes on where the one before it stopped', async () => {
    const first = await lead('a');
    await commit();
    await until('the purge', () => purged().length > 0);
    await first.stop();
    await createEnvironment(slow.direct, 8n);
    await commit(8n);
    api.purges.length = 0;
    await lead('b');
    await until('what came between', () => purged().includes('environment-8'));
    expect(purged()).not.toContain('environment-7');
  });

  it('purges everything when the feed does not reach back so far', async () => {
    const first = await lead('a');
    await commit();
    await until('the purge', () => purged().length > 0);
    await first.stop();
    const position = await slow.direct.head();
    let lost = false;
    slow.onFeed((signal) => {
      if (lost) return [signal];
      lost = true;
      return [{ kind: 'gap', position }];
    });
    api.purges.length = 0;
    await lead('b');
    await until('the purge of all', () => purged().includes('values-7'));
  });
});
