/**
 * Which environments a replica drops from memory, on a real file store; the clock is the test's.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heal } from '../../src/recovery/heal.js';
import { createLog } from '../../src/observe/log.js';
import { Replica } from '../../src/replica/replica.js';
import { Retention } from '../../src/replica/retention.js';
import { flag } from '../ruleset/arbitrary.js';
import { commitConfigs, createEnvironment } from '../support/commits.js';
import { openSlowStore, storeAway, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const KEEP = 2;
const IDLE = 1_000;
const log = createLog('silent');

let slow: SlowStore;
let replica: Replica;
let now: number;
let dropped: bigint[];

beforeEach(async () => {
  slow = await openSlowStore();
  now = 0;
  dropped = [];
  for (let id = 1n; id <= 5n; id++) {
    await createEnvironment(slow.direct, id);
    await commitConfigs(slow.direct, id, flag('a'));
  }
  replica = new Replica({
    store: slow.store,
    log,
    now: () => now,
    heal: (lost) => heal({ store: slow.store, log }, lost),
    retention: { keep: KEEP, idle: IDLE },
    onDropped: (environment) => dropped.push(environment),
  });
  await replica.start();
});

afterEach(async () => {
  await replica.stop();
  await slow.close();
});

/** Uses environments one after the other, a millisecond apart. */
async function use(...environments: bigint[]): Promise<void> {
  for (const environment of environments) {
    now++;
    await replica.ruleset(environment);
  }
}

/**
 * Waits until the feed had word that began after this call: each word makes the replica look for
 * what to drop.
 */
async function word(): Promise<void> {
  let words = 0;
  slow.onFeed((signal) => {
    words++;
    return [signal];
  });
  // The replica asks for another word only when it is done with the one before.
  await until('the feed had word twice', async () => {
    await commitConfigs(slow.direct, 5n, flag(`key-${words}`));
    return words >= 2;
  });
}

describe('environments that were not used for a while', () => {
  it('environments that were not used for a while are dropped, the longest unused first, until as many are left as are kept', async () => {
    await use(1n, 2n, 3n, 4n, 1n);
    now += IDLE;
    await word();
    expect(dropped).toEqual([2n, 3n]);
    expect(replica.status().environments).toBe(KEEP);
  });

  it('environments that were not used for a while stay while no more are loaded than are kept', async () => {
    await use(1n, 2n);
    now += 100 * IDLE;
    await word();
    expect(dropped).toEqual([]);
  });

  it('environments that were not used for a while go alone: those that are in use stay, however many', async () => {
    await use(1n, 2n, 3n, 4n);
    now += IDLE - 3;
    await word();
    expect(dropped).toEqual([1n]);
  });

  it('environments that were not used for a while are read again at their next use, with what was committed in the meantime', async () => {
    await use(1n, 2n, 3n);
    now += IDLE;
    await word();
    expect(dropped).toEqual([1n]);
    const { version } = await commitConfigs(slow.direct, 1n, flag('b'));
    await word();
    const ruleset = await replica.ruleset(1n);
    expect([ruleset?.version, ruleset?.live]).toEqual([version, 2]);
    const next = await commitConfigs(slow.direct, 1n, flag('c'));
    await until('the feed keeps it current', () => replica.loaded(1n)?.version === next.version);
  });
});

describe('an environment stays although it was not used for a while', () => {
  it('an environment stays although it was not used for a while while it has a listener', async () => {
    await use(1n, 2n, 3n, 4n);
    const unwatch = replica.watch(1n, () => undefined);
    now += IDLE;
    await word();
    expect(dropped).toEqual([2n, 3n]);
    unwatch();
    await use(2n);
    now += IDLE;
    await word();
    expect(dropped).toEqual([2n, 3n, 4n]);
  });

  it('when the store lost it', async () => {
    await use(1n, 2n, 3n);
    slow.store.read = () => Promise.resolve(undefined);
    await replica.reload(1n);
    await use(2n, 3n);
    now += IDLE;
    await word();
    expect(dropped).toEqual([2n]);
    expect(replica.status().missing).toBe(1);
  });

  it('an environment stays although it was not used for a while while it is to be read again', async () => {
    await use(1n, 2n, 3n);
    slow.away(['read'], true);
    let gaps = 0;
    slow.onFeed((signal) => {
      if (signal.kind !== 'entries' || gaps > 0) return [signal];
      gaps++;
      return [{ kind: 'gap', position: signal.entries.at(-1)!.position }];
    });
    await commitConfigs(slow.direct, 5n, flag('b'));
    await until('the gap is noticed', () => gaps > 0);
    await until('it cannot be read', () => (slow.calls.read ?? 0) > 3);
    now += 10 * IDLE;
    await word();
    expect(dropped).toEqual([]);
  });

  it('an environment stays although it was not used for a while while the store is unavailable: nothing could be read again', async () => {
    await use(1n, 2n, 3n);
    now += IDLE;
    let away = 0;
    slow.onFeed(() => {
      away++;
      return [{ kind: 'away', error: storeAway() }];
    });
    await until('the replica knows', async () => {
      await commitConfigs(slow.direct, 5n, flag(`key-${away}`));
      return away > 2 && replica.status().feed === 'away';
    });
    expect(dropped).toEqual([]);
    expect((await replica.ruleset(1n))?.environment).toBe(1n);
  });
});

describe('retention', () => {
  it('costs what is dropped: what is needed is not looked at again until it has been idle once more', () => {
    const retention = new Retention({ keep: 0, idle: 10 });
    for (let environment = 0n; environment < 1_000n; environment++) retention.use(environment, 0);
    let looks = 0;
    const needed = (): boolean => {
      looks++;
      return true;
    };
    for (let now = 10; now < 20; now++) expect([...retention.drop(now, needed)]).toEqual([]);
    expect(looks).toBe(1_000);
  });

  it('bounds 10,000 environments that are used once each: those kept, and those of the last while', () => {
    const retention = new Retention({ keep: 1_000, idle: 60_000 });
    const loaded = new Set<bigint>();
    let most = 0;
    // Each is used 30 ms after the one before; the feed has word every two seconds.
    for (let i = 0; i < 10_000; i++) {
      const now = 30 * i;
      retention.use(BigInt(i), now);
      loaded.add(BigInt(i));
      most = Math.max(most, loaded.size);
      if (i % 66 === 0)
        for (const environment of retention.drop(now, () => false)) loaded.delete(environment);
    }
    const inUse = (60_000 + 2_000) / 30;
    expect(most).toBeLessThanOrEqual(Math.max(1_000, inUse) + 1);
    for (const environment of retention.drop(10 * 300_000, () => false)) loaded.delete(environment);
    expect(loaded.size).toBe(1_000);
  });
});
