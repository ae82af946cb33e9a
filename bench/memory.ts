/**
 * What a hold costs a node: memory and open files, per direct hold and per hold at a GRIP proxy. Measured on nodes that have answered some
 * subscriptions before, so that what the first ones cost once is not counted, and after collecting garbage.
 */
import type { HoldfastNode } from '../test/support/node.js';
import { until } from '../test/support/until.js';
import { readMetrics } from './node-metrics.js';
import { openSubscribers, type SubscriberPool } from './subscriber-pool.js';
import type { SubscribersStart } from './subscribers.js';

export interface HoldCost {
  /** Growth of the process' resident memory, KiB per hold. */
  readonly memory: number;
  /** Open files, most of them sockets, per hold. */
  readonly files: number;
}

const WARM_UP = 300;

/** Opens the subscriptions, at a proxy or directly, and measures what they cost the node that answers them. */
export async function openAndWeigh(
  node: HoldfastNode,
  start: SubscribersStart,
  held: 'grip' | 'direct',
): Promise<{ cost: HoldCost; subscribers: SubscriberPool }> {
  const early = await openSubscribers({ ...start, count: Math.min(WARM_UP, start.count) });
  await early.close();
  const before = await weigh(node, 0);
  const subscribers = await openSubscribers(start);
  const after = await weigh(node, held === 'direct' ? start.count : 0);
  const cost = {
    memory: (after.memory - before.memory) / 1024 / start.count,
    files: (after.files - before.files) / start.count,
  };
  return { cost, subscribers };
}

async function weigh(node: HoldfastNode, directHolds: number): Promise<{ memory: number; files: number }> {
  await until('the node holds what it should', async () => {
    return (await readMetrics(node)).sum('holdfast_direct_holds') === directHolds;
  });
  await collectGarbage(node);
  const metrics = await readMetrics(node);
  return { memory: metrics.sum('process_resident_memory_bytes'), files: metrics.sum('process_open_fds') };
}

async function collectGarbage(node: HoldfastNode): Promise<void> {
  const collected = (): number => node.logs().split('garbage collected').length;
  const before = collected();
  process.kill(node.pid, 'SIGUSR2');
  await until('garbage is collected', () => collected() > before);
}
