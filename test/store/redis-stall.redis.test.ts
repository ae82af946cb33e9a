/** A process that did not run while Redis answered: the store is not to blame. Real Redis. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisServer } from '../support/redis.js';

let server: RedisServer;
let store: Store;

beforeAll(async () => {
  server = await startRedis();
  store = await openStore(server.url, { log: createLog('silent') });
});

afterAll(async () => {
  await store.close();
  await server.stop();
});

/** Keeps the event loop for longer than a command may take. */
function block(): void {
  const end = performance.now() + 3_000;
  while (performance.now() < end);
}

it('a read that was not answered in time because this process did not run is made again', async () => {
  const time = store.time();
  setImmediate(block);
  expect(await time).toBeGreaterThan(0n);
});

it('a write of that kind says that this process did not run', async () => {
  const added = store.addKey({
    id: 'k',
    environment: 1n,
    kind: 'server',
    name: 'n',
    hash: 'a'.repeat(64),
    createdAt: 1,
  });
  setImmediate(block);
  await expect(added).rejects.toThrow(/Command timed out\. But this process did not run for \d+ ms/);
});
