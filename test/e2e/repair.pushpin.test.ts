/**
 * The invariant on real parts: whatever is lost on the way is repaired inside the open stream, and
 * no hold stays unverified for longer than T.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import type { HoldfastNode } from '../support/node.js';
import { startPublishLink, type PublishLink } from '../support/publish-link.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const T = 5;

let link: PublishLink;
let stack: Stack;
let key: string;
let environment = 0;
const open: SseConnection[] = [];

beforeAll(async () => {
  link = await startPublishLink();
  stack = await startStack({
    nodes: 2,
    env: { HOLDFAST_STALENESS: `${T}`, GRIP_URL: `${link.url}/?verify-iss=pushpin` },
  });
  link.forwardTo(stack.pushpins[0]!.publishUrl);
});

afterAll(async () => {
  await stack.stop();
  await link.stop();
});

afterEach(() => {
  link.fault = 'none';
  for (const connection of open.splice(0)) connection.close();
});

async function subscribe(headers: Record<string, string> = {}): Promise<SseConnection> {
  const connection = await openSse(`${stack.url}/api/v1/sse/config`, { key, headers });
  open.push(connection);
  return connection;
}

/**
 * A hold that has two configs and is past the check that Pushpin makes a second after the first
 * subscription of a channel, so that nothing but what a test is about can repair it.
 */
async function held(): Promise<SseConnection> {
  await stack.createEnvironment(++environment);
  key = (await stack.createKey(environment)).key;
  await stack.commit(environment, [flag('first', true)]);
  const checks = await recoveries();
  const connection = await subscribe();
  await connection.waitFor(({ events }) => keys(events).includes('first'));
  await until('the first check', async () => (await recoveries()) > checks);
  await stack.commit(environment, [flag('second', true)]);
  await connection.waitFor(({ events }) => keys(events).includes('second'));
  return connection;
}

/**
 * The items that were delivered on the channel of this test's environment. Those of other tests may
 * still arrive, and so may notifications of event streams.
 */
const delivered = () =>
  link.delivered.filter(({ channel }) => channel === `environment-${environment}`).length;

/** Requests over the recovery link, of all nodes. */
async function recoveries(): Promise<number> {
  const answers = await Promise.all(
    stack.nodes.map(async (node) => (await fetch(`${node.url}/metrics`)).text()),
  );
  const counts = answers.flatMap((text) => [...text.matchAll(/^holdfast_recoveries_total\{[^}]*\} (\d+)/gm)]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function lose(key: string): Promise<void> {
  const before = link.faulted;
  link.fault = 'lose';
  await stack.commit(environment, [flag(key, true)]);
  await until('the item is lost', () => link.faulted > before);
  link.fault = 'none';
}

it('delivers ordinary changes by the published items alone, without any recovery', async () => {
  const connection = await held();
  const before = await recoveries();
  const names = Array.from({ length: 20 }, (_, i) => `ordinary.${i}`);
  for (const name of names) await stack.commit(environment, [flag(name, true)]);
  await connection.waitFor(({ events }) => keys(events).includes('ordinary.19'));
  expect(keys(connection.events)).toEqual(['first', 'second', ...names]);
  // One may be the regular check after T, on a slow machine.
  expect((await recoveries()) - before).toBeLessThanOrEqual(1);
});

it('repairs a lost publish in the open stream as soon as the next item shows the gap', async () => {
  const connection = await held();
  await lose('lost');
  await stack.commit(environment, [flag('next', true)]);
  await connection.waitFor(({ events }) => keys(events).includes('next'));
  expect(keys(connection.events)).toEqual(['first', 'second', 'lost', 'next']);
  expect(connection.isClosed()).toBe(false);
});

it('repairs a lost publish within T when no other item ever comes', async () => {
  const connection = await held();
  const published = delivered();
  await lose('lost');
  await connection.waitFor(({ events }) => keys(events).includes('lost'), T * 1000 + 3_000);
  expect(delivered()).toBe(published);
  expect(connection.isClosed()).toBe(false);
});

it('bounds staleness by T although nothing can be published at all', async () => {
  const connection = await held();
  link.fault = 'cut';
  await stack.commit(environment, [flag('unpublished', true)]);
  await connection.waitFor(({ events }) => keys(events).includes('unpublished'), T * 1000 + 3_000);
  expect(connection.isClosed()).toBe(false);
});

it('delivers once what the proxy took although its answer was lost', async () => {
  const connection = await held();
  link.fault = 'forget';
  const before = link.faulted;
  await stack.commit(environment, [flag('taken', true)]);
  await until('the answer is lost', () => link.faulted > before);
  link.fault = 'none';
  await stack.commit(environment, [flag('next', true)]);
  await connection.waitFor(({ events }) => keys(events).includes('next'));
  expect(keys(connection.events)).toEqual(['first', 'second', 'taken', 'next']);
});

it('publishes what was committed while the proxy refused, in order', async () => {
  const connection = await held();
  link.fault = 'refuse';
  for (const name of ['a', 'b', 'c']) await stack.commit(environment, [flag(name, true)]);
  link.fault = 'none';
  await connection.waitFor(({ events }) => keys(events).includes('c'));
  expect(keys(connection.events)).toEqual(['first', 'second', 'a', 'b', 'c']);
});

it('keeps every connection and every change when the node that answered the subscription restarts', async () => {
  const connection = await held();
  for (const [index, node] of stack.nodes.entries()) {
    await node.stop();
    const other = stack.nodes[1 - index]!;
    const call = { body: { configs: [flag(`while ${index} is down`, true)] }, node: other };
    expect((await stack.admin(`/admin/v1/environments/${environment}/changes`, call)).status).toBe(200);
    await connection.waitFor(({ events }) => keys(events).includes(`while ${index} is down`));
    await node.restart();
  }
  expect(keys(connection.events)).toEqual(['first', 'second', 'while 0 is down', 'while 1 is down']);
  expect(connection.isClosed()).toBe(false);
});

async function leads(node: HoldfastNode): Promise<boolean> {
  const ready = (await (await fetch(`${node.url}/readyz`)).json()) as { publisher: { leader: boolean } };
  return ready.publisher.leader;
}

function leaderOf({ nodes }: Stack): Promise<HoldfastNode> {
  return until('a node leads', async () => {
    for (const node of nodes) if (await leads(node)) return node;
    return undefined;
  });
}

it('goes on publishing after the leader was killed, before its lease has ended', async () => {
  const connection = await held();
  const leader = await leaderOf(stack);
  await leader.kill();
  const survivor = stack.nodes.find((node) => node !== leader)!;
  const call = { body: { configs: [flag('after the kill', true)] }, node: survivor };
  expect((await stack.admin(`/admin/v1/environments/${environment}/changes`, call)).status).toBe(200);
  await connection.waitFor(({ events }) => keys(events).includes('after the kill'), 15_000);
  expect(keys(connection.events)).toEqual(['first', 'second', 'after the kill']);
  expect(connection.isClosed()).toBe(false);
  expect(survivor.logs()).toContain('closed its connection without giving the lease up');
  await leader.restart();
});

it('a leader that stalls for a second leads on, and publishes what was committed meanwhile', async () => {
  const connection = await held();
  const leader = await leaderOf(stack);
  const other = stack.nodes.find((node) => node !== leader)!;
  process.kill(leader.pid, 'SIGSTOP');
  const call = { body: { configs: [flag('meanwhile', true)] }, node: other };
  try {
    expect((await stack.admin(`/admin/v1/environments/${environment}/changes`, call)).status).toBe(200);
    await delay(1_000);
  } finally {
    process.kill(leader.pid, 'SIGCONT');
  }
  await connection.waitFor(({ events }) => keys(events).includes('meanwhile'));
  expect([await leads(leader), await leads(other)]).toEqual([true, false]);
});

it('takes clients back at their versions after Pushpin was restarted', async () => {
  const connection = await held();
  const version = connection.events.at(-1)!.id!;
  await stack.pushpins[0]!.restart();
  await connection.closed;
  await stack.commit(environment, [flag('meanwhile', true)]);
  // While it starts, Pushpin answers some requests with 500; every client tries again.
  const again = await until('Pushpin answers', async () => {
    const connection = await subscribe({ 'last-event-id': version });
    return connection.status === 200 && connection;
  });
  await again.waitFor(({ events }) => keys(events).includes('meanwhile'));
  expect(keys(again.events)).toEqual(['meanwhile']);
  await stack.commit(environment, [flag('afterwards', true)]);
  await again.waitFor(({ events }) => keys(events).includes('afterwards'));
});

it('lets the node SDK come back by itself after Pushpin was restarted', async () => {
  await held();
  const prefab = new Prefab({
    apiKey: key,
    sources: [stack.url],
    enableSSE: true,
    collectLoggerCounts: false,
    contextUploadMode: 'none',
    collectEvaluationSummaries: false,
  });
  try {
    await prefab.init();
    await stack.commit(environment, [flag('before', true)]);
    await until('the SDK is subscribed', () => prefab.isFeatureEnabled('before'));
    await stack.pushpins[0]!.restart();
    await stack.commit(environment, [flag('meanwhile', true)]);
    // Its stream asked it to wait between 1 and 10 s before it reconnects.
    await until('the SDK has what it missed', () => prefab.isFeatureEnabled('meanwhile'), {
      timeout: 25_000,
    });
  } finally {
    prefab.close();
  }
});
