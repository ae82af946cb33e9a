/**
 * Measures the memory of a node that has read many environments once, which are not used
 * afterwards: with all of them kept, and with as many as HOLDFAST_IN_MEMORY keeps by default.
 */
import { commitConfigs, createEnvironment, keyNamed } from '../test/support/commits.js';
import { flag } from '../test/support/configs.js';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import { until } from '../test/support/until.js';
import { createLog } from '../src/observe/log.js';
import { openStore } from '../src/store/open.js';
import { weighNode } from './memory.js';
import { readMetrics } from './node-metrics.js';

export const CONFIGS_EACH = 20;

/** Seconds, the least: an environment can be dropped when it was not used for two times this. */
const STALENESS = 5;
const AT_ONCE = 16;

export interface ReplicaMemory {
  /** The value of HOLDFAST_IN_MEMORY. */
  readonly inMemory: number;
  /** Environments that are in memory in the end. */
  readonly environments: number;
  /** Growth since before the first was read, bytes. */
  readonly heap: number;
  readonly resident: number;
}

/**
 * Makes environments, each with a key whose text is `keyOf` it. Straight into the store: over HTTP
 * it would take ten times as long.
 */
export async function makeEnvironments(redisUrl: string, count: number): Promise<void> {
  const store = await openStore(redisUrl, { log: createLog('silent') });
  const configs = Array.from({ length: CONFIGS_EACH }, (_, i) => flag(`bench.flag.${i}`, true));
  try {
    await each(count, async (id) => {
      await createEnvironment(store, id);
      await commitConfigs(store, id, ...configs);
      await store.addKey(keyNamed(keyOf(id), id));
    });
  } finally {
    await store.close();
  }
}

/**
 * Starts a node, lets it read each environment once, and weighs it when it has dropped what it
 * drops.
 */
export async function weighReplica(
  env: Readonly<Record<string, string>>,
  count: number,
  inMemory: number,
): Promise<ReplicaMemory> {
  const node = await startNode({
    env: { ...env, HOLDFAST_IN_MEMORY: `${inMemory}`, HOLDFAST_STALENESS: `${STALENESS}` },
  });
  try {
    const before = await weighNode(node);
    await each(count, (id) => readOnce(node, id));
    const environments = await until('what is not kept is dropped', () => atMost(node, inMemory), {
      timeout: 60_000,
    });
    const after = await weighNode(node);
    const heap = after.heap - before.heap;
    return { inMemory, environments, heap, resident: after.resident - before.resident };
  } finally {
    await node.stop();
  }
}

async function atMost(node: HoldfastNode, limit: number): Promise<number | undefined> {
  const environments = (await readMetrics(node)).sum('holdfast_replica_environments');
  return environments <= limit ? environments : undefined;
}

async function readOnce(node: HoldfastNode, id: bigint): Promise<void> {
  const authorization = `Basic ${Buffer.from(`bench:${keyOf(id)}`).toString('base64')}`;
  const answer = await fetch(`${node.url}/api/v1/configs/0`, { headers: { authorization } });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`environment ${id} cannot be read: ${answer.status}`);
}

function keyOf(environment: bigint): string {
  return `bench-key-${environment}`;
}

/** Does something for the environments 1 to `count`, some at a time. */
async function each(count: number, work: (id: bigint) => Promise<void>): Promise<void> {
  let next = 1n;
  const lane = async (): Promise<void> => {
    while (next <= BigInt(count)) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
