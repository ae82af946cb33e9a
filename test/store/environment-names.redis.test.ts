/** Environments in Redis are found by their names without a look at the others. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { putEnvironment } from '../../src/commit/put-environment.js';
import { ROOT } from '../../src/operators/operator.js';
import { resolveEnvironment } from '../../src/http/admin/environment-name.js';
import { heal } from '../../src/recovery/heal.js';
import { Replica } from '../../src/replica/replica.js';
import { openStore } from '../../src/store/open.js';
import { names } from '../../src/store/redis/names.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { by, creation, settings, silent } from './fixtures.js';

const MANY = 300;

let server: RedisServer;
let raw: Redis;
beforeAll(async () => {
  server = await startRedis();
  raw = new Redis({ port: server.port, host: '127.0.0.1' });
});
afterAll(async () => {
  raw.disconnect();
  await server.stop();
});
beforeEach(() => raw.flushall());

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(server.url, { log: silent });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** The times that hashes were read, by scripts too. */
async function hashesRead(): Promise<number> {
  const stats = await raw.info('commandstats');
  return ['hget', 'hgetall']
    .map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
    .reduce((sum, each) => sum + each, 0);
}

it('creating, changing and naming one of many environments reads no more than of few', async () => {
  await withStore(async (store) => {
    for (let i = 1n; i <= MANY; i++) await store.commit(creation(i, { name: `name ${i}` }));
    const replica = new Replica({ store, log: silent, heal: (lost) => heal({ store, log: silent }, lost) });
    await replica.start();
    await store.environmentsNamed('name 1');
    const before = await hashesRead();
    for (let i = 1_001n; i <= 1_010n; i++) {
      await putEnvironment({ store, replica }, settings(i, { name: `name ${i}` }), by);
      await putEnvironment({ store, replica }, settings(i, { name: `new name ${i}` }), by);
      expect(await resolveEnvironment(`new name ${i}`, ROOT, store)).toBe(i);
    }
    expect((await hashesRead()) - before).toBeLessThan(10 * 100);
    await replica.stop();
  });
});

it('names that a release wrote without the hash of names are found by a process that starts', async () => {
  await withStore(async (store) => {
    for (const id of [1n, 2n]) await store.commit(creation(id, { name: 'twice' }));
    await store.commit(creation(3n, { name: 'once' }));
  });
  await raw.hset(names.environmentNames, 'twice', '2');
  await raw.hdel(names.environmentNames, 'once');
  await withStore(async (store) => {
    expect(await store.environmentsNamed('once')).toEqual([3n]);
    expect(await store.environmentsNamed('twice')).toEqual([1n, 2n]);
  });
});

it('names that are missing in the hash are found while Redis takes no writes', async () => {
  await withStore(async (store) => {
    await store.commit(creation(1n, { name: 'staging' }));
    await store.commit(creation(2n, { name: 'production' }));
  });
  await raw.del(names.environmentNames);
  await withStore(async (store) => {
    await raw.config('SET', 'maxmemory', '1');
    try {
      expect(await store.environmentsNamed('staging')).toEqual([1n]);
      expect(await store.environmentsNamed('production')).toEqual([2n]);
    } finally {
      await raw.config('SET', 'maxmemory', '0');
    }
  });
});
