import type { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import { createRedisClient } from '../../src/store/redis/client.js';
import { ReplicatedWrites } from '../../src/store/redis/replicated-writes.js';
import { evaluate } from '../../src/store/redis/script.js';
import { startRedis } from '../support/redis.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connected(args: readonly string[] = []): Promise<Redis> {
  const server = await startRedis({ args: [...args] });
  cleanups.push(() => server.stop());
  const location = parseStoreLocation(server.url) as RedisLocation;
  const client = createRedisClient(location, { reconnect: false, commandTimeout: 2_000 }) as Redis;
  cleanups.push(() => client.disconnect());
  await client.connect();
  return client;
}

/** A script that shows how often it ran. */
const counting = (name: string) => ({
  lua: `-- ${name}\nreturn redis.call('INCR', KEYS[1])`,
  keys: [`{holdfast}:${name}`],
});

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

it('scripts that are sent together run once each, where the server has some of them only', async () => {
  const client = await connected();
  const writes = new ReplicatedWrites({ client, wait: 0, timeout: 10, explain: (error) => error });
  await writes.write(counting('a'));
  const names = ['a', 'a', 'b', 'b'];
  const replies = await Promise.all(names.map((name) => writes.write(counting(name))));
  expect(replies.map(({ reply }) => reply)).toEqual([2, 3, 1, 2]);
  expect(await client.mget('{holdfast}:a', '{holdfast}:b')).toEqual(['3', '2']);
});

it('scripts run where the server has no EVALSHA', async () => {
  const client = await connected(['--rename-command', 'EVALSHA', '']);
  expect(await evaluate(client, counting('a'))).toBe(1);
  expect(await evaluate(client, counting('a'))).toBe(2);
});

it('scripts run by their digests again when the user may, from the next connection on', async () => {
  const client = await connected();
  const admin = client.duplicate();
  cleanups.push(() => admin.disconnect());
  await admin.connect();
  const runs = async (): Promise<string[]> =>
    [...(await admin.info('commandstats')).matchAll(/^cmdstat_(eval\w*):/gm)].map(([, name = '']) => name);
  await admin.call('ACL', 'SETUSER', 'default', '-evalsha');
  await evaluate(client, counting('a'));
  await admin.call('ACL', 'SETUSER', 'default', '+evalsha');
  await admin.config('RESETSTAT');
  await evaluate(client, counting('a'));
  expect(await runs()).toEqual(['eval']);
  client.disconnect();
  await new Promise((resolve) => client.once('end', resolve));
  await client.connect();
  await admin.config('RESETSTAT');
  await evaluate(client, counting('a'));
  expect(await runs()).toEqual(['evalsha']);
});
