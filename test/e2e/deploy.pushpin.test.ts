/**
 * A deploy while changes go on: each node is restarted in turn, and no client behind the proxy
 * notices.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import type { HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const CLIENTS = 200;
/**
 * With 200 simultaneous new connections Pushpin 1.36 answers some with 500 or 502; with 100 none.
 */
const AT_ONCE = 25;
const PAUSE_MS = 200;

let stack: Stack;
let clients: SseConnection[];

beforeAll(async () => {
  // T is long, so that what a client has came by the published items or by a repair, and not by a
  // check that happened to be due.
  stack = await startStack({ nodes: 2, env: { HOLDFAST_STALENESS: '600' } });
  await stack.createEnvironment(1);
  const { key } = await stack.createKey(1);
  await stack.commit(1, [flag('first', true)]);
  clients = [];
  while (clients.length < CLIENTS) {
    const more = Array.from({ length: AT_ONCE }, () => openSse(`${stack.url}/api/v1/sse/config`, { key }));
    clients.push(...(await Promise.all(more)));
  }
  for (const client of clients) await client.waitFor(({ events }) => keys(events).includes('first'));
});

afterAll(async () => {
  for (const client of clients) client.close();
  await stack.stop();
});

/**
 * Commits a change every 200 ms, each with a key of its own, until it is told to end; resolves to
 * the keys in their order.
 */
function commitSteadily(): { committed: string[]; end: () => Promise<void> } {
  const committed: string[] = [];
  let ending = false;
  const run = async (): Promise<void> => {
    for (let i = 0; !ending; i++) {
      const next = new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      await commitSomewhere(`change.${i}`);
      committed.push(`change.${i}`);
      await next;
    }
  };
  const done = run();
  return {
    committed,
    end: () => {
      ending = true;
      return done;
    },
  };
}

/**
 * As a writer does it: a request that fails is repeated at the next node, with the same
 * Idempotency-Key.
 */
async function commitSomewhere(name: string): Promise<void> {
  let attempt = 0;
  await until(`${name} is committed`, async () => {
    const node = stack.nodes[attempt++ % stack.nodes.length]!;
    const answer = await stack.admin('/admin/v1/environments/1/changes', {
      body: { configs: [flag(name, true)] },
      headers: { 'idempotency-key': name },
      node,
    });
    return answer.ok;
  });
}

function isReady(node: HoldfastNode): Promise<boolean> {
  return fetch(`${node.url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe('a rolling restart of both nodes while a change is committed every 200 ms', () => {
  it('a rolling restart of both nodes while a change is committed every 200 ms ends no stream, and every client gets every change, once and in order', async () => {
    const writer = commitSteadily();
    const exits: (number | string)[] = [];
    for (const node of stack.nodes) {
      const changes = writer.committed.length;
      await until('changes go on', () => writer.committed.length >= changes + 5);
      exits.push(await node.stop());
      await until('changes go on without the node', () => writer.committed.length >= changes + 10);
      await node.restart();
      expect(await isReady(node)).toBe(true);
    }
    await writer.end();
    expect(exits).toEqual([0, 0]);
    const expected = ['first', ...writer.committed];
    const last = expected.at(-1)!;
    for (const client of clients) await client.waitFor(({ events }) => keys(events.slice(-1)).includes(last));
    const received = new Set(clients.map(({ events }) => keys(events).join(' ')));
    expect([...received]).toEqual([expected.join(' ')]);
    expect(clients.filter((client) => client.isClosed())).toHaveLength(0);
    expect(clients.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
