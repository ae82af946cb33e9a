import { Redis } from 'ioredis';
import { historyLimits } from '../../src/store/history.js';
import { openStore } from '../../src/store/open.js';
import { startCluster, startRedis, startSentinel } from '../support/redis.js';
import { storeContract, type StoreUnderTest } from './contract.js';
import { silent } from './fixtures.js';

/** A store on a server that is emptied before each opening. */
function emptied(url: string, port: number, stop: () => Promise<void>): StoreUnderTest {
  const client = new Redis({ port, host: '127.0.0.1' });
  return {
    open: async (changes) => {
      await client.flushall();
      return openStore(url, { log: silent, history: historyLimits(changes) });
    },
    stop: async () => {
      client.disconnect();
      await stop();
    },
  };
}

storeContract('one Redis', async () => {
  const server = await startRedis();
  return emptied(server.url, server.port, () => server.stop());
});

storeContract('one Redis, waiting for a replica', async () => {
  // Nothing fails over here, however long a busy machine keeps the master waiting.
  const setup = await startSentinel(['sentinel down-after-milliseconds holdfast 60000']);
  return emptied(`${setup.url}?wait=1`, setup.master.port, () => setup.stop());
});

storeContract('Redis Cluster', async () => {
  const server = await startCluster();
  return emptied(server.url, server.port, () => server.stop());
});
