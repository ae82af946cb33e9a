/** The lease in Redis when its holder dies, stalls, or cannot be seen. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import { openRedisStore } from '../../src/store/redis/store.js';
import type { Store } from '../../src/store/store.js';
import { REDIS_PROGRAMS, startCluster, startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { recordingLog, silent } from './fixtures.js';
import { leastAcl } from './least-acl.js';

/** A lease that no test lives to see the end of. */
const TTL = 60_000;
const PRESENT = '{holdfast}:lease:present';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(starting: Promise<RedisServer>): Promise<{ server: RedisServer; raw: Redis }> {
  const server = await starting;
  cleanups.push(() => server.stop());
  const raw = new Redis({ port: server.port, host: '127.0.0.1' });
  raw.on('error', () => undefined);
  cleanups.push(() => raw.disconnect());
  return { server, raw };
}

async function open(url: string, log = silent): Promise<Store> {
  const store = await openRedisStore(parseStoreLocation(url) as RedisLocation, { log });
  cleanups.push(() => store.close());
  return store;
}

/** Opens a store whose holder has the lease, and has been seen to be connected. */
async function holding(url: string, raw: Redis): Promise<Store> {
  const store = await open(url);
  await until('the holder is seen', async () => {
    expect(await store.leadership.acquire('one', TTL)).toBe(true);
    return (await raw.get(PRESENT)) === 'one';
  });
  return store;
}

/** Asks for the lease for longer than a holder may be absent; true when it was given. */
async function givenTo(store: Store, meanwhile: () => Promise<unknown> = async () => undefined) {
  for (let looks = 0; looks < 15; looks++) {
    await meanwhile();
    if (await store.leadership.acquire('two', TTL)) return true;
    await delay(100);
  }
  return false;
}

describe.each(REDIS_PROGRAMS)('a lease in %s', (_, program) => {
  it('a lease is given to another when the connections of its holder are closed, by a user with the least permissions', async () => {
    const { server, raw } = await redis(startRedis({ program }));
    await raw.call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...leastAcl());
    const url = server.url.replace('redis://', 'redis://holdfast:secret@');
    const one = await holding(url, raw);
    const two = await open(url);
    await one.close();
    await until('the lease is given to another', () => two.leadership.acquire('two', TTL));
    expect(await two.leadership.saveCursors('one', new Map([['proxy', '1-1']]))).toBe(false);
  });
});

describe('a lease in Redis', () => {
  it('a lease stays with a holder that stalls and keeps its connections', async () => {
    const { server, raw } = await redis(startRedis());
    await holding(server.url, raw);
    expect(await givenTo(await open(server.url))).toBe(false);
  });

  it('a lease stays with a holder that renews it while only its subscription is lost, again and again', async () => {
    const { server, raw } = await redis(startRedis());
    const one = await holding(server.url, raw);
    const two = await open(server.url);
    const lose = async () => {
      await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      expect(await one.leadership.acquire('one', TTL)).toBe(true);
    };
    expect(await givenTo(two, lose)).toBe(false);
    await until('the holder is seen again', async () => {
      await one.leadership.acquire('one', TTL);
      return (await raw.get(PRESENT)) === 'one';
    });
  });

  it('a lease stays with a holder that may not subscribe, until it ends, and its log says so once', async () => {
    const { server, raw } = await redis(startRedis());
    const rules = leastAcl().filter((rule) => rule !== '+subscribe');
    await raw.call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...rules);
    const { log, lines } = recordingLog();
    const one = await open(server.url.replace('redis://', 'redis://holdfast:secret@'), log);
    await one.leadership.acquire('one', TTL);
    const warnings = () => lines().filter(({ msg }) => String(msg).includes('refuses a subscription'));
    await until('the refusal is logged', () => warnings().length > 0);
    const two = await open(server.url);
    await one.close();
    expect(await givenTo(two)).toBe(false);
    expect(warnings()).toHaveLength(1);
  });

  it('a lease stays with a holder of a release that does not subscribe', async () => {
    const { server, raw } = await redis(startRedis());
    await raw.set('{holdfast}:lease', 'old', 'PX', TTL);
    expect(await givenTo(await open(server.url))).toBe(false);
  });

  it('a lease stays with its holder when Redis restarts with its data', async () => {
    const { server, raw } = await redis(startRedis({ appendonly: true }));
    const one = await holding(server.url, raw);
    const two = await open(server.url);
    await server.kill();
    await server.restart();
    await until('the holder is back', () => one.leadership.acquire('one', TTL));
    const renew = () => one.leadership.acquire('one', TTL);
    expect(await givenTo(two, renew)).toBe(false);
  });

  it('a lease is given to another in a Cluster when the connections of its holder are closed', async () => {
    const { server, raw } = await redis(startCluster());
    const one = await holding(server.url, raw);
    const two = await open(server.url);
    await one.close();
    await until('the lease is given to another', () => two.leadership.acquire('two', TTL));
  });
});
