/**
 * A rolling upgrade, stopped half way: a node of an older version and one of this version on one
 * Redis and one Pushpin. Commits through both, streams behind the proxy and directly from each, and
 * the leadership in both directions.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import type { HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { unpackOldNode } from './old-node.js';

const T = 5;
/** The longest wait for what is repaired within T, on a loaded machine. Milliseconds. */
const REPAIRED = 30_000;

let stack: Stack;
let old: HoldfastNode;
let present: HoldfastNode;
let key: string;
const open: SseConnection[] = [];
let count = 0;

beforeAll(async () => {
  stack = await startStack({
    nodes: 2,
    commands: [unpackOldNode()],
    canary: true,
    env: { HOLDFAST_STALENESS: `${T}` },
  });
  [old, present] = stack.nodes as [HoldfastNode, HoldfastNode];
  await stack.createEnvironment(1);
  ({ key } = await stack.createKey(1));
  await stack.commit(1, [flag('first', true)]);
}, 90_000);

afterAll(() => stack.stop());

afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

async function subscribe(url: string): Promise<SseConnection> {
  const connection = await openSse(`${url}/api/v1/sse/config`, { key });
  open.push(connection);
  await connection.waitFor(({ events }) => keys(events).includes('first'), REPAIRED);
  return connection;
}

/** Commits a new flag through a node, and returns its name. */
async function commitThrough(node: HoldfastNode): Promise<string> {
  const name = `flag ${++count}`;
  const body = { configs: [flag(name, true)] };
  const answer = await stack.admin('/admin/v1/environments/1/changes', { node, body });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('version')]);
  return name;
}

async function leads(node: HoldfastNode): Promise<boolean> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return /^holdfast_leader 1$/m.test(text);
}

/** Gives the lease to a node by stopping the other, which then starts again. */
async function handOver(from: HoldfastNode, to: HoldfastNode): Promise<void> {
  await from.stop();
  await until('the other node leads', () => leads(to), { timeout: REPAIRED });
  await from.restart();
}

async function snapshot(node: HoldfastNode): Promise<{ keys: string[]; version: string | undefined }> {
  const headers = { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` };
  const answer = await fetch(`${node.url}/api/v1/configs/0?format=json`, { headers });
  const body = (await answer.json()) as { configs: { key: string }[] };
  return {
    keys: body.configs.map((config) => config.key).sort(),
    version: answer.headers.get('etag')?.replace(/^W\//, ''),
  };
}

it.each([
  ['the old node to the new one', () => [old, present] as const],
  ['the new node to the old one', () => [present, old] as const],
])(
  'an old and a new node side by side lose nothing while the lease goes from %s',
  async (_title, pair) => {
    const [from, to] = pair();
    if (!(await leads(from))) await handOver(to, from);
    const held = await subscribe(stack.url);
    const direct = await Promise.all([old, present].map((node) => subscribe(node.url)));
    const names = [await commitThrough(old), await commitThrough(present)];
    for (const stream of [held, ...direct]) {
      await stream.waitFor(({ events }) => names.every((name) => keys(events).includes(name)), REPAIRED);
    }

    const stopping = from.stop();
    // Nothing leads for a moment, and this change is the successor's to publish.
    names.push(await commitThrough(to));
    await stopping;
    await until('the other node leads', () => leads(to), { timeout: REPAIRED });
    await from.restart();
    for (const node of [old, present]) names.push(await commitThrough(node));

    // The same stream, from before the change of the leader to after it.
    await held.waitFor(({ events }) => names.every((name) => keys(events).includes(name)), REPAIRED);
    const ids = held.events.map(({ id }) => BigInt(id ?? '0'));
    expect(ids).toEqual([...ids].sort((a, b) => (a < b ? -1 : 1)));
    await until(
      'both nodes have the same ruleset',
      async () => JSON.stringify(await snapshot(old)) === JSON.stringify(await snapshot(present)),
      { timeout: REPAIRED },
    );
    expect((await snapshot(old)).keys).toEqual(expect.arrayContaining(names));
  },
  120_000,
);

it('the history of a new node lists its own changes, and those of an old node are absent from it', async () => {
  const mine = await commitThrough(present);
  const theirs = await commitThrough(old);
  const again = await commitThrough(present);
  const answer = await stack.admin('/admin/v1/environments/1/history', { node: present });
  const text = await answer.text();
  expect(answer.status).toBe(200);
  expect([mine, theirs, again].map((name) => text.includes(`"${name}"`))).toEqual([true, false, true]);
});

it("an old node lists no environment of the new node's canary", async () => {
  const listed = (await (await stack.admin('/admin/v1/environments', { node: old })).json()) as {
    environments: { id: string }[];
  };
  expect(listed.environments.map(({ id }) => id)).toEqual(['1']);
});
