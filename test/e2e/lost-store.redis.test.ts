/**
 * A store that loses data, on a real Redis: what nodes still have is not taken from anybody, and
 * finds its way back.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../dist/main.js');

let stack: Stack;
let redis: Redis;
let key: { id: string; key: string };
let client: SseConnection;

beforeEach(async () => {
  stack = await startStack({ nodes: 2, pushpins: 0, env: { GRIP_URL: '', GRIP_VERIFY_KEY: '' } });
  redis = new Redis(stack.redis.url);
  await stack.createEnvironment(1, { name: 'Production' });
  key = await stack.createKey(1);
  await stack.commit(1, [flag('kept', true)]);
  client = await openSse(`${stack.nodes[0]!.url}/api/v1/sse/config`, { key: key.key });
  await client.waitFor(({ events }) => keys(events).includes('kept'));
});

afterEach(async () => {
  client.close();
  redis.disconnect();
  await stack.stop();
});

/** Everything in Redis, to be put back later: a restart from an older file, without the restart. */
async function copyOfRedis(): Promise<() => Promise<void>> {
  const names = await redis.keys('*');
  const copies = await Promise.all(names.map(async (name) => [name, await redis.dumpBuffer(name)] as const));
  return async () => {
    const transaction = redis.multi().flushall();
    for (const [name, bytes] of copies) transaction.restore(name, 0, bytes);
    await transaction.exec();
  };
}

async function readiness(node: number): Promise<{ status: string; store: { missingEnvironments: number } }> {
  const answer = await fetch(`${stack.nodes[node]!.url}/readyz`);
  return (await answer.json()) as { status: string; store: { missingEnvironments: number } };
}

async function storeVersion(): Promise<string | undefined> {
  const answer = await stack.admin('/admin/v1/environments/1');
  return answer.ok ? ((await answer.json()) as { version: string }).version : undefined;
}

describe('a Redis that lost its last writes', () => {
  it('a Redis that lost its last writes gets an acknowledged commit and a new key back from the nodes, and no client goes back', async () => {
    const rollBack = await copyOfRedis();
    const { version } = await stack.commit(1, [flag('acknowledged', true)]);
    const newer = await stack.createKey(1);
    await client.waitFor(({ events }) => keys(events).includes('acknowledged'));
    await rollBack();
    await until('the commit is back', async () => (await storeVersion()) === version);
    const again = await openSse(`${stack.nodes[1]!.url}/api/v1/sse/config`, { key: newer.key });
    await again.waitFor(({ events }) => keys(events).includes('acknowledged'));
    again.close();
    const stored = await until('the key is back', () =>
      redis.hlen('{holdfast}:keys').then((n) => n === 2 && n),
    );
    expect(stored).toBe(2);
    expect(keys(client.events)).toEqual(['kept', 'acknowledged']);
    expect(client.isClosed()).toBe(false);
  });

  it('a Redis that lost its last writes keeps what was committed since, too', async () => {
    const rollBack = await copyOfRedis();
    await stack.commit(1, [flag('acknowledged', true)]);
    await client.waitFor(({ events }) => keys(events).includes('acknowledged'));
    // Both nodes are stopped from noticing before something else is committed: by one that has
    // never seen the lost commit.
    await rollBack();
    await stack.commit(1, [flag('newer', true)]);
    await client.waitFor(({ events }) => keys(events).includes('newer'));
    await until('both are in the store', async () => {
      const answer = await stack.admin('/admin/v1/environments/1/configs', { node: stack.nodes[1]! });
      const { configs } = (await answer.json()) as { configs: { key: string }[] };
      return configs.length === 3;
    });
  });
});

describe('a Redis that lost everything', () => {
  beforeEach(async () => {
    await redis.flushall();
    await until('the node says so', async () => (await readiness(0)).store.missingEnvironments === 1);
  });

  it('a Redis that lost everything makes a node that knew it degraded, and the node serves on', async () => {
    expect((await readiness(0)).status).toBe('degraded');
    const late = await openSse(`${stack.nodes[0]!.url}/api/v1/sse/config`, { key: key.key });
    await late.waitFor(({ events }) => keys(events).includes('kept'));
    late.close();
    expect(client.isClosed()).toBe(false);
  });

  it('a Redis that lost everything makes a node that starts now refuse with 503, never with 401 and never with an empty ruleset', async () => {
    await stack.nodes[1]!.restart();
    const stream = await openSse(`${stack.nodes[1]!.url}/api/v1/sse/config`, { key: key.key });
    expect(stream.status).toBe(503);
    stream.close();
    const authorization = `Basic ${Buffer.from(`u:${key.key}`).toString('base64')}`;
    const answer = await fetch(`${stack.nodes[1]!.url}/api/v1/configs/0`, { headers: { authorization } });
    expect(answer.status).toBe(503);
  });

  it('a Redis that lost everything is filled again by holdfast restore: rulesets, versions, names and keys', async () => {
    const before = client.events.at(-1)!.id;
    const env = {
      PATH: process.env.PATH ?? '',
      HOLDFAST_URL: stack.nodes[0]!.url,
      HOLDFAST_ADMIN_TOKEN: stack.secrets.adminToken,
    };
    const { stdout } = await run(process.execPath, [MAIN, 'restore'], { env });
    expect(stdout).toContain('Restored 1 environment and 1 key');
    expect(await storeVersion()).toBe(before);
    expect(await (await stack.admin('/admin/v1/environments/1')).json()).toMatchObject({
      name: 'Production',
    });
    await stack.nodes[1]!.restart();
    const late = await openSse(`${stack.nodes[1]!.url}/api/v1/sse/config`, { key: key.key });
    await late.waitFor(({ events }) => keys(events).includes('kept'));
    late.close();
    await until('nothing is missing', async () => (await readiness(0)).status === 'ready');
    const { version } = await stack.commit(1, [flag('next', true)]);
    await client.waitForEvent(({ id }) => id === version);
    expect(keys(client.events)).toEqual(['kept', 'next']);
  });
});
