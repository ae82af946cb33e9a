/** Administrators, disks and clocks trouble a Redis under a store that is in use. */
import { mkdir, rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import { openRedisStore } from '../../src/store/redis/store.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisOptions, type RedisServer } from '../support/redis.js';
import { temporaryDirectory, creation, flag, Follower, removeDirectory, silent, update } from './fixtures.js';
import { until } from '../support/until.js';

vi.setConfig({ testTimeout: 60_000 });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Started {
  readonly server: RedisServer;
  readonly store: Store;
  readonly raw: Redis;
  readonly follower: Follower;
}

/** A store with environment 1 at version 10, and a follower of its feed. */
async function start(options?: RedisOptions): Promise<Started> {
  const server = await startRedis(options);
  cleanups.push(() => server.stop());
  const store = await openRedisStore(parseStoreLocation(server.url) as RedisLocation, { log: silent });
  cleanups.push(() => store.close());
  const raw = new Redis({ port: server.port, host: '127.0.0.1' });
  cleanups.push(() => raw.disconnect());
  await store.commit(creation(1n));
  const follower = new Follower(store, await store.head());
  cleanups.push(() => follower.stop());
  await store.commit(update(1n, 0n, [flag(10n, 'a')]));
  await follower.reaches(10n);
  return { server, store, raw, follower };
}

const next = (store: Store, version: bigint) => store.commit(update(1n, version - 1n, [flag(version, 'a')]));

describe('a store in a Redis that is administered', () => {
  it('commits go on without an error when the scripts are flushed again and again', async () => {
    const { store, raw, follower } = await start();
    for (let version = 11n; version <= 60n; version++) {
      await Promise.all([raw.script('FLUSH'), next(store, version)]);
    }
    await follower.reaches(60n);
    expect(follower.count('gap')).toBe(0);
  });

  it.each(['ALL', 'WRITE'] as const)(
    'a commit in a pause of clients (%s) fails before the pause ends, and the feed has no gap afterwards',
    async (which) => {
      const { store, raw, follower } = await start();
      await raw.call('CLIENT', 'PAUSE', '8000', which);
      const error = await next(store, 11n).then(
        () => undefined,
        (reason: unknown) => reason as { code: string },
      );
      expect(error).toMatchObject({ code: 'store_unavailable' });
      await until(
        'it commits again',
        async () => {
          const at = await store.version(1n).catch(() => undefined);
          if (at === undefined) return false;
          return next(store, at + 1n).then(
            ({ kind }) => kind === 'committed',
            () => false,
          );
        },
        { timeout: 30_000 },
      );
      await follower.reaches((await store.version(1n)) ?? 0n);
      expect(follower.count('gap')).toBe(0);
    },
  );

  it('commits are refused while Redis cannot save to its disk, reads go on, and commits too when it can', async () => {
    const dir = await temporaryDirectory();
    cleanups.push(() => removeDirectory(dir));
    const { store, raw } = await start({
      dir,
      args: ['--save', '3600 1', '--enable-protected-configs', 'yes'],
    });
    await rm(dir, { recursive: true });
    await raw.bgsave();
    await until('it cannot save', async () => (await raw.info()).includes('rdb_last_bgsave_status:err'));
    await expect(next(store, 11n)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/nothing was changed.*MISCONF/) as string,
    });
    expect((await store.read(1n))?.version).toBe(10n);
    await mkdir(dir);
    await raw.call('CONFIG', 'SET', 'dir', dir);
    await raw.bgsave();
    await until('it can save', async () => (await raw.info()).includes('rdb_last_bgsave_status:ok'));
    expect((await next(store, 11n)).kind).toBe('committed');
  });

  it('commits go on when every client is disconnected again and again', async () => {
    const { store, raw, follower } = await start();
    let version = 10n;
    for (let round = 0; round < 20; round++) {
      await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const at = (await store.version(1n)) ?? version;
      const result = await next(store, at + 1n).catch(() => undefined);
      version = result?.kind === 'committed' ? at + 1n : at;
    }
    const at = (await store.version(1n)) ?? 0n;
    expect(at).toBeGreaterThan(10n);
    await follower.reaches(at);
    expect(follower.count('gap')).toBe(0);
  });
});
