import type { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import { createRedisClient } from '../../src/store/redis/client.js';
import { startRedis } from '../support/redis.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connected(): Promise<Redis> {
  const server = await startRedis();
  cleanups.push(() => server.stop());
  const location = parseStoreLocation(server.url) as RedisLocation;
  const client = createRedisClient(location, { reconnect: false, commandTimeout: 2_000 }) as Redis;
  cleanups.push(() => client.disconnect());
  await client.connect();
  return client;
}

/** The bytes that wait in this process. */
const waiting = (client: Redis): number => client.stream.writableLength;

it('a client sends the commands of one turn of the event loop together', async () => {
  const client = await connected();
  const replies = [client.set('{holdfast}:a', '1'), client.get('{holdfast}:a')];
  const before = waiting(client);
  await new Promise(setImmediate);
  expect([before > 40, waiting(client)]).toEqual([true, 0]);
  expect(await Promise.all(replies)).toEqual(['OK', '1']);
});

it('a client that ends in the turn of a command sends it', async () => {
  const client = await connected();
  client.set('{holdfast}:a', '1').catch(() => undefined);
  client.disconnect();
  const other = client.duplicate();
  cleanups.push(() => other.disconnect());
  await other.connect();
  expect(await other.get('{holdfast}:a')).toBe('1');
});
