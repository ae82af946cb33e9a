/** The OpenAPI document against a server on Redis, with an inbox. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, vi } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { INBOX, REJECTED } from '../support/inbox.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { runs } from '../support/runs.js';
import { OIDC_OPERATIONS, openApiRun } from '../http/openapi-run.js';

vi.setConfig({ testTimeout: 180_000 });

let redis: RedisServer;
let raw: Redis;
let app: TestApp;

beforeAll(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  app = await startApp({
    env: {
      HOLDFAST_STORE: redis.url,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: 'signs-the-recovery-links-of-this-document',
    },
  });
});

afterAll(async () => {
  await app.close();
  raw.disconnect();
  await redis.stop();
});

/** The fields that the leader puts before those of an event that it rejects. */
const REASON = {
  'holdfast-event': '1763726400000-0',
  'holdfast-code': 'field_invalid',
  'holdfast-message': 'environment must be a number',
  'holdfast-field': 'environment',
  'holdfast-at': '2026-01-02T03:04:05.678Z',
  'holdfast-form': 'plain',
};

/** Rejected events, the last of which another program has added. */
async function rejected(): Promise<string[]> {
  const reason = Object.entries(REASON).flat();
  const ids: string[] = [];
  for (const fields of [
    [...reason, 'environment', 'x'],
    [...reason, 'environment', '1', 'json', '{}'],
    ['any', '\u0000\u001b'],
  ]) {
    ids.push((await raw.xadd(REJECTED, '*', ...fields)) ?? '');
  }
  await raw.del(INBOX);
  return ids;
}

openApiRun(new Proxy({} as TestApp, { get: (_target, name) => Reflect.get(app, name) as unknown }), {
  runs: runs(100),
  withoutSuccess: OIDC_OPERATIONS,
  rejected,
});
