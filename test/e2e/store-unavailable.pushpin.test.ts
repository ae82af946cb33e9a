/**
 * A Redis that is killed and comes back with its file, on real parts: reads go on, writes are
 * refused by name, open streams stay open at the proxy and at the node, and changes flow again
 * without a restart of anything else.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/** Seconds; short, so that holds at the proxy are verified while the store is unavailable. */
const T = 5;

let stack: Stack;
let key: string;
/** Opened before the outage, and open to the end: one held by the proxy, one by each node. */
let streams: SseConnection[];
const closing: SseConnection[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2, env: { HOLDFAST_STALENESS: `${T}` } });
  await stack.createEnvironment(1);
  key = (await stack.createKey(1)).key;
  await stack.commit(1, [flag('before', true)]);
  streams = await Promise.all(places().map(subscribe));
});

afterAll(async () => {
  for (const stream of closing) stream.close();
  await stack.stop();
});

/** Through the proxy, and directly to each node. */
function places(): string[] {
  return [stack.url, ...stack.nodes.map(({ url }) => url)];
}

async function subscribe(url: string): Promise<SseConnection> {
  const stream = await openSse(`${url}/api/v1/sse/config`, { key });
  closing.push(stream);
  await stream.waitFor(({ events }) => keys(events).includes('before'));
  return stream;
}

interface Readiness {
  readonly status: string;
  readonly degraded?: readonly string[];
  readonly store: { readonly state: string };
  readonly feed: { readonly lagMs: number };
}

async function readiness(node: number): Promise<{ code: number; body: Readiness }> {
  const answer = await fetch(`${stack.nodes[node]!.url}/readyz`);
  return { code: answer.status, body: (await answer.json()) as Readiness };
}

/** The sum over all nodes. */
async function metric(name: string): Promise<number> {
  const texts = await Promise.all(stack.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const lines = texts.flatMap((text) => [
    ...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm')),
  ]);
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}

function snapshot(url: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`x:${key}`).toString('base64')}`;
  return fetch(`${url}/api/v1/configs/0?format=json`, { headers: { authorization } });
}

describe('while Redis is gone', () => {
  beforeAll(async () => {
    await stack.redis.kill();
    for (const node of [0, 1])
      await until('the node knows', async () => (await readiness(node)).body.store.state === 'away');
  });

  it('every node is ready, says that it is degraded, and how old its data is', async () => {
    for (const node of [0, 1]) {
      const before = await readiness(node);
      expect(before).toMatchObject({ code: 200, body: { status: 'degraded', degraded: ['store'] } });
      await until(
        'the age grows',
        async () => (await readiness(node)).body.feed.lagMs > before.body.feed.lagMs,
      );
    }
    expect(await metric('holdfast_store_up')).toBe(0);
    expect(await metric('holdfast_feed_lag_seconds')).toBeGreaterThan(0);
  });

  it('rulesets and new subscriptions of known keys are served, by the proxy and directly', async () => {
    for (const url of places()) {
      const answer = await snapshot(url);
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"before"')]);
      const stream = await subscribe(url);
      expect(stream.status).toBe(200);
    }
  });

  it('a key that no node knows is not called wrong', async () => {
    const stream = await openSse(`${stack.url}/api/v1/sse/config`, { key: `${key}0` });
    expect(stream.status).toBe(503);
    stream.close();
  });

  it('every write is refused with 503, a code and Retry-After', async () => {
    const writes = [
      ['/admin/v1/environments/1/changes', 'POST', { configs: [flag('refused', true)] }],
      ['/admin/v1/environments/2', 'PUT', { projectId: '1', name: 'refused' }],
      ['/admin/v1/environments/1/keys', 'POST', { kind: 'server' }],
    ] as const;
    for (const [path, method, body] of writes) {
      const answer = await stack.admin(path, { method, body });
      const { error } = (await answer.json()) as { error: { code: string } };
      expect([path, answer.status, error.code]).toEqual([path, 503, 'store_unavailable']);
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });

  it('holds are verified all the same, and no stream ends', async () => {
    const before = await metric('holdfast_recoveries_total');
    await until('holds are verified', async () => (await metric('holdfast_recoveries_total')) > before, {
      timeout: 2 * T * 1000,
    });
    expect(streams.map((stream) => stream.isClosed())).toEqual(streams.map(() => false));
  });
});

/**
 * The node has heard from the feed again, and its other connection, which takes up to a second
 * longer, is there too.
 */
async function isBack(node: number): Promise<void> {
  await until('the node is ready', async () => (await readiness(node)).body.status === 'ready');
  await until('it reaches the store', async () => {
    return (await stack.admin('/admin/v1/environments/1', { node: stack.nodes[node]! })).ok;
  });
}

describe('when Redis is back with its file', () => {
  beforeAll(async () => {
    await stack.redis.restart();
    for (const node of [0, 1]) await isBack(node);
  });

  it('changes reach every stream, those that were open before and those that were opened in the meantime', async () => {
    expect(await metric('holdfast_store_up')).toBe(2);
    await stack.commit(1, [flag('after', true)]);
    expect(closing.length).toBe(2 * places().length);
    for (const stream of closing) {
      await stream.waitFor(({ events }) => keys(events).includes('after'));
      expect(keys(stream.events)).toEqual(['before', 'after']);
      expect(stream.isClosed()).toBe(false);
    }
  });

  it('nothing of what was refused is there', async () => {
    const configs = await (await stack.admin('/admin/v1/environments/1/configs')).text();
    expect(configs).not.toContain('refused');
    expect((await stack.admin('/admin/v1/environments/2')).status).toBe(404);
  });

  it('a second outage is survived as the first', async () => {
    await stack.redis.kill();
    await until('the node knows', async () => (await readiness(0)).body.store.state === 'away');
    await stack.redis.restart();
    await isBack(0);
    await stack.commit(1, [flag('again', true)]);
    for (const stream of streams) {
      await stream.waitFor(({ events }) => keys(events).includes('again'));
      expect(keys(stream.events)).toEqual(['before', 'after', 'again']);
    }
  });
});
