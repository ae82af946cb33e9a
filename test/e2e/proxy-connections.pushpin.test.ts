/** The connections that each proxy holds, as its own metrics port tells the leader. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeliveryState } from '../../src/delivery/model.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
const open: SseConnection[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2, pushpins: 2 });
  await stack.createEnvironment(1);
}, 60_000);

afterAll(async () => {
  for (const connection of open) connection.close();
  await stack.stop();
});

/** Holds by proxy as a node shows them. */
async function holds(place: number): Promise<Record<string, number | undefined>> {
  const answer = await stack.admin('/admin/v1/delivery', { node: stack.nodes[place]! });
  const { nodes } = (await answer.json()) as DeliveryState;
  return Object.fromEntries(
    nodes.flatMap(({ proxies }) => proxies.map((proxy) => [proxy.proxy, proxy.holds])),
  );
}

it('the connections of each proxy are shown by every node and counted by the leader, and not when a proxy is gone', async () => {
  const { key } = await stack.createKey(1);
  for (const place of [0, 0, 0, 1]) {
    open.push(await openSse(`${stack.pushpins[place]!.url}/api/v1/sse/config`, { key }));
  }
  const [first, second] = stack.pushpins.map(({ publishUrl }) => publishUrl) as [string, string];
  for (const place of [0, 1]) {
    await until('both counts are shown', async () => {
      const shown = await holds(place);
      return shown[first] === 3 && shown[second] === 1;
    });
  }
  const metrics = await Promise.all(
    stack.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  expect(metrics.join('')).toContain(`holdfast_proxy_connections{proxy="${first}"} 3`);

  await stack.pushpins[1]!.stop();
  await until('the count of the stopped proxy is gone', async () => {
    const shown = await holds(0);
    return shown[first] === 3 && first in shown && shown[second] === undefined;
  });
});

it('two nodes on one Redis read the reports of each other', async () => {
  const read = async (place: number): Promise<DeliveryState> => {
    const answer = await stack.admin('/admin/v1/delivery', { node: stack.nodes[place]! });
    return (await answer.json()) as DeliveryState;
  };
  const [first, second] = await until('each node shows both', async () => {
    const states = await Promise.all([read(0), read(1)]);
    return states.every(({ nodes }) => nodes.length === 2) && states;
  });
  expect(first.answeredBy).not.toBe(second.answeredBy);
  const idsOf = ({ nodes }: DeliveryState): string[] => nodes.map(({ id }) => id).sort();
  expect(idsOf(first)).toEqual(idsOf(second));
  expect(idsOf(first)).toEqual([first.answeredBy, second.answeredBy].sort());
  const leaders = first.nodes.filter(({ leader }) => leader);
  expect(leaders).toHaveLength(1);
});
