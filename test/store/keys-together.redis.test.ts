/** Keys that are written back after a loss are seen all together. Real Redis. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Keyring } from '../../src/keys/keyring.js';
import { createLog } from '../../src/observe/log.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { keyNamed } from '../support/commits.js';

const KEYS = 500;
let server: RedisServer;
let store: Store;
let reader: Store;

beforeAll(async () => {
  server = await startRedis();
  const open = () => openStore(server.url, { log: createLog('silent') });
  [store, reader] = await Promise.all([open(), open()]);
});

afterAll(async () => {
  await Promise.all([store.close(), reader.close()]);
  await server.stop();
});

it('a node that reads keys while another writes them back sees none or all, and so never takes a lost key for a revoked one', async () => {
  const keyring = new Keyring(store);
  for (let i = 0; i < KEYS; i++) keyring.take(keyNamed(`k${i}`, 1n));
  const written = keyring.writeBack();
  const end = written.then(() => 'written');
  const seen = new Set<number>();
  while ((await Promise.race([end, reader.keys().then(({ length }) => seen.add(length))])) !== 'written');
  expect(await written).toBe(KEYS);
  seen.add((await reader.keys()).length);
  expect([...seen].filter((count) => count > 0)).toEqual([KEYS]);
});
