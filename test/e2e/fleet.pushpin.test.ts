/** Who is online at which version, from real holds at a real proxy. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { startPublishLink, type PublishLink } from '../support/publish-link.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const T = 10;

interface Fleet {
  readonly version: string;
  readonly holds: { readonly current: number; readonly under_t: number; readonly over_t: number };
  readonly entries: readonly {
    readonly key: { readonly id: string };
    readonly proxy: string;
    readonly version: string;
    readonly lag: string;
    readonly holds: number;
  }[];
}

let link: PublishLink;
let stack: Stack;
let key: { id: string; key: string };
const open: SseConnection[] = [];

beforeAll(async () => {
  link = await startPublishLink();
  stack = await startStack({
    nodes: 2,
    env: { HOLDFAST_STALENESS: `${T}`, GRIP_URL: `${link.url}/?verify-iss=pushpin` },
  });
  link.forwardTo(stack.pushpins[0]!.publishUrl);
  await stack.createEnvironment(1);
  key = await stack.createKey(1);
}, 60_000);

afterAll(async () => {
  for (const connection of open) connection.close();
  await stack.stop();
  await link.stop();
});

const fleet = async (node = stack.nodes[1]!): Promise<Fleet> =>
  (await (await stack.admin('/admin/v1/environments/1/fleet', { node })).json()) as Fleet;

async function subscribe(count: number, name: string, url = stack.url): Promise<void> {
  for (let i = 0; i < count; i++) {
    const connection = await openSse(`${url}/api/v1/sse/config`, { key: key.key });
    open.push(connection);
    await connection.waitFor(({ events }) => keys(events).includes(name));
  }
}

it('the fleet has 50 clients at two versions, and all at the newest once each has been verified', async () => {
  const first = await stack.commit(1, [flag('first', true)]);
  await subscribe(25, 'first');
  link.fault = 'lose';
  const second = await stack.commit(1, [flag('second', true)]);
  await subscribe(25, 'second');

  let seen = await fleet();
  await until(
    'every node knows of both versions',
    async () => {
      seen = await fleet();
      return seen.entries.length === 2;
    },
    { timeout: 8_000, context: () => JSON.stringify(seen) },
  );
  expect(seen.version).toBe(second.version);
  expect(seen.entries.map(({ version, lag }) => [version, lag])).toEqual([
    [first.version, 'under_t'],
    [second.version, 'current'],
  ]);
  expect(seen.entries.every((entry) => entry.key.id === key.id && entry.proxy === '127.0.0.1')).toBe(true);
  expect(seen.entries[0]!.holds).toBeLessThanOrEqual(26);
  expect(seen.entries[1]!.holds).toBeGreaterThanOrEqual(1);

  await until(
    'all are at the newest version',
    async () => {
      seen = await fleet();
      return seen.entries.every(({ lag }) => lag === 'current');
    },
    { timeout: (2 * T + 10) * 1000, context: () => JSON.stringify(seen) },
  );
  expect(seen.entries.map(({ version }) => version)).toEqual([second.version]);
  for (const connection of open) expect(keys(connection.events)).toContain('second');
  link.fault = 'none';
}, 90_000);

it('the fleet counts direct holds exactly, and the gauge has the holds of each node by their lag', async () => {
  await subscribe(3, 'second', stack.nodes[0]!.url);
  await until('the other node knows of them', async () =>
    (await fleet()).entries.some(
      ({ proxy, holds, lag }) => proxy === 'direct' && holds === 3 && lag === 'current',
    ),
  );
  const text = await (await fetch(`${stack.nodes[0]!.url}/metrics`)).text();
  expect(text).toMatch(/^holdfast_holds\{lag="current"\} ([3-9]|\d\d)/m);
  expect(text).toMatch(/^holdfast_holds\{lag="over_t"\} 0$/m);
});
