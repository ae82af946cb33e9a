/**
 * A real Redis that refuses writes, and one that is gone: shown in readiness, in metrics, and in
 * one line of the log each.
 */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

let server: RedisServer;
let app: TestApp;
let stopping: AbortController;
let led: Promise<void>;

beforeEach(async () => {
  server = await startRedis({ appendonly: true });
  app = await startApp({
    env: {
      GRIP_URL: '',
      HOLDFAST_STORE: server.url,
      HOLDFAST_ADMIN_TOKEN: 'admin-token-of-the-tests',
      HOLDFAST_SECRET: 'signs-the-recovery-links-of-the-tests',
    },
  });
  stopping = new AbortController();
  led = app.lead(stopping.signal);
  await until('the node leads', async () => (await app.metric('holdfast_leader')) === 1);
});

afterEach(async () => {
  stopping.abort();
  await led;
  await app.close();
  await server.stop();
});

const readiness = async () => (await app.http.get('/readyz').expect(200)).body as { degraded?: string[] };
const lines = (msg: string) => app.logs.filter((line) => line.msg === msg).length;

it('a store that refuses writes is shown, and its recovery too', { timeout: 60_000 }, async () => {
  const raw = new Redis(server.url);
  await raw.config('SET', 'min-replicas-to-write', '1');
  await until(
    'the lease cannot be renewed, and the refusal is known',
    async () => (await readiness()).degraded?.join() === 'writes,lease',
    { timeout: 20_000 },
  );
  expect(await readiness()).toMatchObject({
    status: 'degraded',
    store: { writes: { state: 'refused', error: expect.stringContaining('NOREPLICAS') as string } },
    lease: { error: expect.any(String) as string, since: expect.any(String) as string },
  });
  expect(await app.metric('holdfast_store_writable')).toBe(0);
  expect(await app.metric('holdfast_lease_ok{lease="publisher"}')).toBe(0);
  await until('its lease is over', async () => (await app.metric('holdfast_leader')) === 0, {
    timeout: 20_000,
  });
  expect(await app.metric('holdfast_store_up')).toBe(1);

  await raw.config('SET', 'min-replicas-to-write', '0');
  raw.disconnect();
  await until('everything works again', async () => (await readiness()).degraded === undefined, {
    timeout: 20_000,
  });
  await until('the node leads', async () => (await app.metric('holdfast_leader')) === 1, { timeout: 20_000 });
  expect(await app.metric('holdfast_store_writable')).toBe(1);
  expect(await app.metric('holdfast_lease_ok{lease="publisher"}')).toBe(1);
  for (const once of [
    'the store refuses writes',
    'the store takes writes again',
    'the lease cannot be taken: this node cannot begin to lead',
    'the lease can be taken again',
  ]) {
    expect([once, lines(once)]).toEqual([once, 1]);
  }
});

it('a store that is gone is shown as what keeps the node from leading', { timeout: 60_000 }, async () => {
  await server.halt();
  await until(
    'the node knows',
    async () => {
      const { degraded = [] } = await readiness();
      return degraded.includes('store') && degraded.includes('lease');
    },
    { timeout: 30_000 },
  );
  await server.restart();
  await until('everything works again', async () => (await readiness()).degraded === undefined, {
    timeout: 30_000,
  });
});
