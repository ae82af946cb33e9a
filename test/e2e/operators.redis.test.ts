/** Operators of each role against every route, on Redis. */
import { afterAll, beforeAll } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { operatorRoles } from '../http/operator-roles.js';

let redis: RedisServer;
let app: TestApp;

beforeAll(async () => {
  redis = await startRedis();
  app = await startApp({
    env: {
      HOLDFAST_STORE: redis.url,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: 'signs-the-recovery-links-of-these-operators',
    },
  });
});

afterAll(async () => {
  await app.close();
  await redis.stop();
});

operatorRoles(new Proxy({} as TestApp, { get: (_target, name) => Reflect.get(app, name) as unknown }));
