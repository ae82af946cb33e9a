/**
 * Publishing to Fastly, by the real publisher on a real store, against a stand-in for its API that
 * is as strict as its documents.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PUBLIC_KEY_FASTLY_FANOUT_PEM } from '@fanoutio/grip/fastly-fanout';
import { parseGripUrl, type ProxyAddress } from '../../src/grip/proxies.js';
import { systemClock } from '../../src/core/clock.js';
import { createLog } from '../../src/observe/log.js';
import { Publisher } from '../../src/publish/publisher.js';
import { flag, sized } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment } from '../support/commits.js';
import { startFastlyApi, type FastlyApi, type FastlyApiOptions } from '../support/fastly-api.js';
import { itemText } from '../support/publish-endpoint.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;

let slow: SlowStore;
let api: FastlyApi;
let stop: () => Promise<void>;
let sleeps: number[];

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  await commitConfigs(slow.direct, ENV, flag('first'));
  sleeps = [];
  stop = () => Promise.resolve();
});

afterEach(async () => {
  await stop();
  await api.close();
  await slow.close();
});

/** The address that settings in Fastly's form make, but for the host, where the stand-in is. */
function addressOf({ url, service, token }: FastlyApi, interval: number): ProxyAddress {
  const given = `https://api.fastly.com/service/${service}?key=${token}&verify-iss=fastly:${service}`;
  const address = parseGripUrl(given, [PUBLIC_KEY_FASTLY_FANOUT_PEM], interval);
  const { pathname } = new URL(address.publishUrl);
  return { ...address, publishUrl: new URL(url).origin + pathname };
}

async function start(options: FastlyApiOptions = {}, interval = 0): Promise<void> {
  api = await startFastlyApi(options);
  const controller = new AbortController();
  const nothing = (): void => undefined;
  const publisher = new Publisher({
    store: slow.store,
    proxies: [addressOf(api, interval)],
    holder: 'a',
    log: createLog('silent'),
    observe: () => ({
      accepted: nothing,
      failed: nothing,
      resynced: nothing,
      refetched: nothing,
      traced: nothing,
      lag: nothing,
    }),
    clock: {
      ...systemClock,
      sleep: async (milliseconds, signal) => {
        sleeps.push(milliseconds);
        await systemClock.sleep(milliseconds, signal);
      },
    },
    refetchSpread: 0,
  });
  await slow.direct.leadership.acquire('a', 60_000);
  const leading = publisher.lead(controller.signal);
  stop = async () => {
    controller.abort();
    await leading;
  };
  // A new proxy is told to recover first.
  await until('the first items', () => api.items.length > 0);
  api.items.length = 0;
  api.statuses.length = 0;
}

/** Items of the environment's channel, as text. */
const items = () => api.items.filter(({ channel }) => channel === `environment-${ENV}`).map(itemText);

describe('publishing to Fastly', () => {
  it('keeps to its form: bearer token, last slash, and at most 64 KB in a request, counted as sent', async () => {
    await start();
    // 200 changes of 3 KB each while the first request waits, and one of many events.
    const versions: bigint[] = [];
    for (let i = 0; i < 60; i++)
      versions.push((await commitConfigs(slow.direct, ENV, sized(`c${i}`, 3_000))).version);
    const large = await commitConfigs(
      slow.direct,
      ENV,
      ...Array.from({ length: 40 }, (_, i) => sized(`ü${i}`, 6_000)),
    );
    await until('everything', () => items().some((text) => text.endsWith(`→${large.version}`)));
    expect(api.broken).toEqual([]);
    expect(new Set(api.statuses)).toEqual(new Set([200]));
    for (const version of versions) expect(items().some((text) => text.endsWith(`→${version}`))).toBe(true);
  });

  it('waits as long as a 429 says, then goes on where it was, in order', async () => {
    await start({ limit: 3, window: 2 });
    const versions: bigint[] = [];
    for (let i = 0; i < 20; i++)
      versions.push((await commitConfigs(slow.direct, ENV, flag(`f${i}`))).version);
    await until('everything', () => items().length >= 20, { timeout: 20_000 });
    expect(items().map((text) => text.split('→')[1])).toEqual(versions.map(String));
    expect(api.statuses).toContain(429);
    expect(api.broken.filter((rule) => rule.includes('before the reset'))).toEqual([]);
    expect(Math.max(...sleeps.filter((milliseconds) => milliseconds < 15_000))).toBeGreaterThan(500);
  });

  it('publishing to Fastly under load sends few requests: what comes within the interval goes together', async () => {
    await start({}, 300);
    const started = performance.now();
    for (let i = 0; i < 60; i++) await commitConfigs(slow.direct, ENV, flag(`f${i}`));
    const seconds = (performance.now() - started) / 1000;
    await until('everything', () => items().length >= 60);
    expect(api.statuses.length).toBeLessThanOrEqual(Math.ceil(seconds / 0.3) + 3);
    expect(api.statuses.length).toBeLessThan(40);
  });

  it('gets through faults of the API, and repeats nothing that was accepted', async () => {
    await start();
    api.failures.push(500, 503, 'cut');
    const change = await commitConfigs(slow.direct, ENV, flag('f'));
    await until('the change', () => items().length > 0);
    expect(items()).toEqual([`${ENV}: ${change.previous}→${change.version}`]);
  });
});

describe('the stand-in', () => {
  it.each<[number, string, RequestInit]>([
    [401, '/publish/', { body: '{"items":[]}', headers: { 'content-type': 'application/json' } }],
    [404, '/publish', { body: '{"items":[]}' }],
    [404, '/purge/', {}],
    [413, '/publish/', { body: ' '.repeat(64_001), headers: bearer() }],
    [415, '/publish/', { body: '{"items":[]}', headers: { ...bearer(), 'content-type': 'text/plain' } }],
    [400, '/publish/', { body: '{"items":[{}]}', headers: bearer() }],
    [400, '/publish/', { body: 'x', headers: bearer() }],
    [400, '/purge', { body: '{"surrogate_keys":[]}', headers: { 'fastly-key': 'fastly-token' } }],
    [
      400,
      '/purge',
      { headers: { 'fastly-key': 'fastly-token', 'surrogate-key': Array(257).fill('k').join(' ') } },
    ],
  ])('answers %i to what breaks a rule: %s', async (status, path, init) => {
    api = await startFastlyApi();
    expect((await fetch(api.url + path, { method: 'POST', ...init })).status).toBe(status);
    expect(api.broken).toHaveLength(1);
  });
});

function bearer(): Record<string, string> {
  return { authorization: 'Bearer fastly-token', 'content-type': 'application/json' };
}
