/**
 * From an XADD of another system to a client behind Pushpin: real Redis, real Pushpin, two nodes as
 * processes.
 */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys, read } from '../support/configs.js';
import { change, encodeConfigs, INBOX, json, REJECTED } from '../support/inbox.js';
import type { HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let redis: Redis;
let environment = 0;
const streams: SseConnection[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2 });
  redis = new Redis({ port: stack.redis.port, host: '127.0.0.1' });
});
afterAll(async () => {
  redis.disconnect();
  await stack.stop();
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

/** A client of a new environment, held by Pushpin. */
async function subscribe(): Promise<SseConnection> {
  await stack.createEnvironment(++environment);
  const { key } = await stack.createKey(environment);
  const stream = await openSse(`${stack.url}/api/v1/sse/config`, { key });
  streams.push(stream);
  return stream;
}

async function leader(): Promise<HoldfastNode> {
  return until(
    'a node leads',
    async () => {
      for (const node of stack.nodes) {
        const metrics = await fetch(`${node.url}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        );
        if (/^holdfast_leader 1$/m.test(metrics)) return node;
      }
      return undefined;
    },
    { timeout: 20_000 },
  );
}

describe('a client behind Pushpin', () => {
  it('a client behind Pushpin gets what another system added to the inbox, as JSON and as protobuf', async () => {
    const stream = await subscribe();
    await redis.xadd(INBOX, '*', 'environment', environment, 'json', json(flag('a', true)));
    await stream.waitFor(({ events }) => keys(events).length === 1);
    await redis.xadd(INBOX, '*', 'environment', environment, 'configs', encodeConfigs(flag('b', true)));
    await stream.waitFor(({ events }) => keys(events).length === 2);
    expect(keys(stream.events)).toEqual(['a', 'b']);
    expect(read(stream.events[0]!).configs).toMatchObject([flag('a', true)]);
    expect(stream.errors).toEqual([]);
  });

  it('a client behind Pushpin gets nothing of an event that is rejected, and then the event that is retried', async () => {
    const stream = await subscribe();
    const next = environment + 1;
    await redis.xadd(INBOX, '*', 'environment', next, 'json', json(flag('late', true)));
    await redis.xadd(INBOX, '*', 'environment', environment, 'json', json(flag('a', true)));
    await stream.waitFor(({ events }) => keys(events).length === 1);
    const other = await subscribe();
    const listed = (await (await stack.admin('/admin/v1/rejected')).json()) as { events: { id: string }[] };
    await stack.admin(`/admin/v1/rejected/${listed.events[0]!.id}/retry`, { method: 'POST' });
    await other.waitFor(({ events }) => keys(events).length === 1);
    expect([keys(stream.events), keys(other.events)]).toEqual([['a'], ['late']]);
    expect(await redis.xlen(REJECTED)).toBe(0);
  });
});

describe('when the leader is killed while it reads', () => {
  it('another node goes on where it stopped: each event once and in order, on the same connections', async () => {
    const stream = await subscribe();
    const count = 150;
    const expected = Array.from({ length: count }, (_, i) => `k${i}`);
    const dying = await leader();
    const adding = redis.pipeline();
    for (const key of expected)
      adding.xadd(INBOX, '*', 'environment', environment, 'json', json(change(key)));
    await adding.exec();
    await until('it has begun', async () => (await redis.xlen(INBOX)) < count - 20, { interval: 2 });
    await dying.kill();
    expect(await redis.xlen(INBOX)).toBeGreaterThan(0);
    await until('all are decided', async () => (await redis.xlen(INBOX)) === 0, { timeout: 40_000 });
    await stream.waitFor(({ events }) => keys(events).length >= count, 20_000);
    expect(keys(stream.events)).toEqual(expected);
    expect(stream.isClosed()).toBe(false);
    await dying.restart();
  }, 90_000);

  it('when the leader is killed while it reads, and one that is stopped in good order hands over without waiting for its lease to end', async () => {
    const stream = await subscribe();
    const stopping = await leader();
    const stopped = stopping.stop();
    await redis.xadd(INBOX, '*', 'environment', environment, 'json', json(change('a')));
    const before = performance.now();
    await stream.waitFor(({ events }) => keys(events).length === 1);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(await stopped).toBe(0);
    await stopping.restart();
  });
});
