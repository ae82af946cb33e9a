/** A store with limits of its own on a real Redis, for tests of what it keeps. */
import { Redis } from 'ioredis';
import { afterEach } from 'vitest';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import type { RedisStoreOptions } from '../../src/store/redis/options.js';
import { openRedisStore } from '../../src/store/redis/store.js';
import type { Store } from '../../src/store/store.js';
import { startRedis } from '../support/redis.js';
import { recordingLog } from './fixtures.js';

export interface BoundedStore {
  readonly store: Store;
  /** A connection past the store. */
  readonly raw: Redis;
  /** What the store logged. */
  readonly lines: ReturnType<typeof recordingLog>['lines'];
}

/** Returns a function that starts a Redis and opens a store on it; both end after the test. */
export function useBoundedStores(): (options: Partial<RedisStoreOptions>) => Promise<BoundedStore> {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  return async (options) => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const raw = new Redis({ port: server.port, host: '127.0.0.1' });
    cleanups.push(() => raw.disconnect());
    const { log, lines } = recordingLog();
    const location = parseStoreLocation(server.url) as RedisLocation;
    const store = await openRedisStore(location, { log, ...options });
    cleanups.push(() => store.close());
    return { store, raw, lines };
  };
}
