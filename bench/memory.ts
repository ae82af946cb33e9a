/**
 * Measures the cost of a hold at a node: memory and open files, per direct hold and per hold at a
 * GRIP proxy. As many holds are open before the first look as are added until the second, so that
 * what the first ones cost once is not counted; garbage is collected before each look.
 */
import type { HoldfastNode } from '../test/support/node.js';
import { until } from '../test/support/until.js';
import { readMetrics } from './node-metrics.js';
import { openSubscribers } from './subscriber-pool.js';
import type { SubscribersStart } from './subscribers.js';

export interface HoldCost {
  /** Growth of what is reachable in JavaScript's heap and beside it, KiB per hold. */
  readonly heap: number;
  /**
   * Growth of the process' resident memory, KiB per hold. It also grows with the requests that
   * there were, up to a point.
   */
  readonly resident: number;
  /** Open files, most of them sockets, per hold. */
  readonly files: number;
}

/**
 * Subscribes at a proxy or directly, as many as `start` says twice, and measures what the second
 * half costs the node.
 */
export async function weighHolds(
  node: HoldfastNode,
  start: SubscribersStart,
  held: 'grip' | 'direct',
): Promise<HoldCost> {
  const first = await openSubscribers(start);
  try {
    const before = await weigh(node, held === 'direct' ? start.count : 0);
    const second = await openSubscribers(start);
    try {
      const after = await weigh(node, held === 'direct' ? 2 * start.count : 0);
      return {
        heap: (after.heap - before.heap) / 1024 / start.count,
        resident: (after.resident - before.resident) / 1024 / start.count,
        files: (after.files - before.files) / start.count,
      };
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

/** Bytes, and a count. */
export interface Weight {
  readonly heap: number;
  readonly resident: number;
  readonly files: number;
}

async function weigh(node: HoldfastNode, directHolds: number): Promise<Weight> {
  await until('the node holds what it should', async () => {
    return (await readMetrics(node)).sum('holdfast_direct_holds') === directHolds;
  });
  return weighNode(node);
}

/** The memory of a node without its garbage. It must have been started with gc-on-signal.mjs. */
export async function weighNode(node: HoldfastNode): Promise<Weight> {
  // Buffers are freed by the collection after the one that found their owners dead.
  await collectGarbage(node);
  await collectGarbage(node);
  const metrics = await readMetrics(node);
  return {
    heap: metrics.sum('nodejs_heap_size_used_bytes') + metrics.sum('nodejs_external_memory_bytes'),
    resident: metrics.sum('process_resident_memory_bytes'),
    files: metrics.sum('process_open_fds'),
  };
}

async function collectGarbage(node: HoldfastNode): Promise<void> {
  const collected = (): number => node.logs().split('garbage collected').length;
  const before = collected();
  process.kill(node.pid, 'SIGUSR2');
  await until('garbage is collected', () => collected() > before);
}
