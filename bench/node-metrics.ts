/** Reads a node's metrics at /metrics. */
import type { HoldfastNode } from '../test/support/node.js';

export interface NodeMetrics {
  /** The sum of all series of that name; 0 when there is none. */
  sum(name: string): number;
}

export async function readMetrics(node: HoldfastNode): Promise<NodeMetrics> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return {
    sum: (name) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      ),
  };
}
