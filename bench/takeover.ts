/**
 * `node scripts/run.mjs bench/takeover.ts [ROUNDS] [--stall]`: the time from `kill -9` of the leader
 * until a change, made at another node at once, is at a client behind a real Pushpin; two nodes on
 * one Redis. With `--stall` it also stops leaders for a second and counts how often another took over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { flag, keys } from '../test/support/configs.js';
import { openSse } from '../test/support/sse.js';
import { startStack, type Stack } from '../test/support/stack.js';
import type { HoldfastNode } from '../test/support/node.js';
import { until } from '../test/support/until.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { stall: { type: 'boolean', default: false } },
});
const ROUNDS = Number(positionals[0] ?? 15);
/** The time for which a node is stopped, milliseconds. */
const STALL_MS = 1_000;

async function leads(node: HoldfastNode): Promise<boolean> {
  const answer = await fetch(`${node.url}/readyz`);
  return ((await answer.json()) as { publisher: { leader: boolean } }).publisher.leader;
}

async function leaderOf({ nodes }: Stack): Promise<{ leader: HoldfastNode; other: HoldfastNode }> {
  const leader = await until('a node leads', async () => {
    for (const node of nodes) if (await leads(node)) return node;
    return undefined;
  });
  return { leader, other: nodes.find((node) => node !== leader)! };
}

/** Kills the leader and commits at the other node; resolves to the time until the client has it. */
async function takeOver(stack: Stack, key: string, turn: number): Promise<number> {
  const connection = await openSse(`${stack.url}/api/v1/sse/config`, { key });
  await stack.commit(1, [flag('before', turn % 2 === 0)]);
  await connection.waitFor(({ events }) => keys(events).includes('before'));
  const { leader, other } = await leaderOf(stack);
  const name = `after.${turn}`;
  // So that the leader is killed at any point between two renewals.
  await delay(Math.random() * 1_000);
  const killed = performance.now();
  process.kill(leader.pid, 'SIGKILL');
  const call = { body: { configs: [flag(name, true)] }, node: other };
  const answer = await stack.admin('/admin/v1/environments/1/changes', call);
  if (!answer.ok) throw new Error(await answer.text());
  await connection.waitFor(({ events }) => keys(events).includes(name), 20_000);
  const took = performance.now() - killed;
  connection.close();
  await leader.restart();
  return took;
}

/** Stops the leader for a second; resolves to whether it still leads afterwards. */
async function stall(stack: Stack): Promise<boolean> {
  const { leader, other } = await leaderOf(stack);
  process.kill(leader.pid, 'SIGSTOP');
  await delay(STALL_MS);
  process.kill(leader.pid, 'SIGCONT');
  await delay(STALL_MS);
  return (await leads(leader)) && !(await leads(other));
}

// T is long, so that no check of a hold brings the change in the publisher's place.
const stack = await startStack({ nodes: 2, env: { HOLDFAST_STALENESS: '600' } });
try {
  await stack.createEnvironment(1);
  const { key } = await stack.createKey(1);
  const times: number[] = [];
  for (let turn = 0; turn < ROUNDS; turn++) times.push(await takeOver(stack, key, turn));
  times.sort((a, b) => a - b);
  const row = [figure(times[0]!), figure(median(times)), figure(times.at(-1)!)];
  console.log(`${ROUNDS} leaders killed, load ${figure(loadavg()[0]!)}`);
  console.log(table(['ms from kill -9 to the client', 'least', 'median', 'most'], [['a change', ...row]]));
  if (options.stall) {
    let kept = 0;
    for (let turn = 0; turn < ROUNDS; turn++) if (await stall(stack)) kept++;
    console.log(
      `${ROUNDS} leaders stopped for ${STALL_MS} ms: ${kept} led on, ${ROUNDS - kept} were replaced`,
    );
  }
} finally {
  await stack.stop();
}
