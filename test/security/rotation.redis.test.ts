/** Changing the password of Redis while nodes run: docs/operations/rotate-secrets.md, step by step. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { TESTER } from '../support/commits.js';

const OLD = 'the-old-password';
const NEW = 'the-new-password';

let redis: RedisServer;
let administrator: Redis;
const stores: Store[] = [];

beforeAll(async () => {
  redis = await startRedis();
  administrator = new Redis(redis.url);
  await administrator.call('ACL', 'SETUSER', 'holdfast', 'on', `>${OLD}`, '~{holdfast}:*', '+@all');
});

afterAll(async () => {
  for (const store of stores) await store.close();
  administrator.disconnect();
  await redis.stop();
});

async function open(password: string): Promise<Store> {
  const url = redis.url.replace('//', `//holdfast:${password}@`);
  const store = await openStore(url, { log: createLog('silent') });
  stores.push(store);
  return store;
}

const put = (store: Store, id: bigint) =>
  store.commit({
    environment: id,
    by: TESTER,
    expect: undefined,
    settings: { id, projectId: 1n, name: 'x' },
    live: 0,
  });

describe('the password of Redis', () => {
  it('the password of Redis may be two for a time: nodes with the old one and with the new one write side by side, until the old one ends', async () => {
    const first = await open(OLD);
    expect(await put(first, 1n)).toEqual({ kind: 'committed' });

    await administrator.call('ACL', 'SETUSER', 'holdfast', `>${NEW}`);
    const second = await open(NEW);
    expect(await put(second, 2n)).toEqual({ kind: 'committed' });
    expect(await put(first, 3n)).toEqual({ kind: 'committed' });
    expect(await put(await open(OLD), 4n)).toEqual({ kind: 'committed' });

    await administrator.call('ACL', 'SETUSER', 'holdfast', `<${OLD}`);
    await administrator.call('CLIENT', 'KILL', 'USER', 'holdfast');
    await expect(administrator.call('AUTH', 'holdfast', OLD)).rejects.toThrow(/WRONGPASS/);
    expect((await (await open(NEW)).environments()).map(({ id }) => id)).toEqual([1n, 2n, 3n, 4n]);
  });

  it('the password of Redis is of a user who needs nothing but what is named {holdfast}', async () => {
    const node = new Redis(redis.url.replace('//', `//holdfast:${NEW}@`));
    await expect(node.set('elsewhere', 'x')).rejects.toThrow(/NOPERM/);
    node.disconnect();
  });

  it('the password of Redis of who only adds events is good for nothing else', async () => {
    await administrator.call(
      'ACL',
      'SETUSER',
      'producer',
      'on',
      '>of-the-producer',
      '~{holdfast}:inbox',
      '+xadd',
    );
    const producer = new Redis(redis.url.replace('//', '//producer:of-the-producer@'), {
      enableReadyCheck: false,
    });
    await expect(producer.xadd('{holdfast}:inbox', '*', 'environment', '1', 'json', '{}')).resolves.toMatch(
      /^\d+-\d+$/,
    );
    await expect(producer.xadd('{holdfast}:feed', '*', 'a', 'b')).rejects.toThrow(/NOPERM|No permissions/);
    await expect(producer.xrange('{holdfast}:inbox', '-', '+')).rejects.toThrow(/NOPERM|no permissions/i);
    producer.disconnect();
  });
});
