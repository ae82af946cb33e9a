/** Holdfast: two nodes behind a real Pushpin, with a real Redis. */
import { randomUUID } from 'node:crypto';
import { decodeConfigs } from '../src/ruleset/codec.js';
import type { HoldfastNode } from '../test/support/node.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { until } from '../test/support/until.js';
import { text } from '../test/support/configs.js';
import { numberOf, type LabEvent } from './event.js';
import type { SetUp } from './set-up.js';

const ENVIRONMENT = 1;
const PREFIX = 'lab.';

export async function startHoldfast(): Promise<SetUp> {
  const stack = await startStack({ nodes: 2 });
  try {
    await stack.createEnvironment(ENVIRONMENT);
    const { key } = await stack.createKey(ENVIRONMENT);
    return new HoldfastSetUp(stack, key);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

class HoldfastSetUp implements SetUp {
  readonly target: SetUp['target'];
  readonly #stack: Stack;
  /** The counts of processes that have ended. */
  #requestsBefore = 0;

  constructor(stack: Stack, key: string) {
    this.#stack = stack;
    const authorization = `Basic ${Buffer.from(`lab:${key}`).toString('base64')}`;
    this.target = {
      url: `${stack.url}/api/v1/sse/config`,
      headers: { authorization },
      numbersIn,
    };
  }

  /** Through whichever node answers, as a load balancer would have it. */
  async publish({ key, value }: LabEvent): Promise<void> {
    const configs = [text(PREFIX + key, value)];
    const path = `/admin/v1/environments/${ENVIRONMENT}/changes`;
    // The same for each try, so that one of which only the answer was lost is not made twice.
    const headers = { 'idempotency-key': randomUUID() };
    const nodes = this.#stack.nodes;
    let tries = 0;
    await until('a node takes the change', async () => {
      const node = nodes[tries++ % nodes.length];
      if (node === undefined) throw new Error('there is no node');
      const answer = await this.#stack.admin(path, { body: { configs }, headers, node });
      await answer.body?.cancel();
      return answer.ok;
    });
  }

  /** Each node, one after the other. */
  async restart(): Promise<void> {
    for (const node of this.#stack.nodes) {
      this.#requestsBefore += await requestsOf(node);
      await node.restart();
    }
  }

  async originRequests(): Promise<number> {
    const now = await Promise.all(this.#stack.nodes.map(requestsOf));
    return now.reduce((sum, count) => sum + count, this.#requestsBefore);
  }

  stop(): Promise<void> {
    return this.#stack.stop();
  }
}

function numbersIn(data: string): number[] {
  const { configs = [] } = decodeConfigs(Buffer.from(data, 'base64'));
  return configs.flatMap(({ key, rows }) => {
    const value = rows?.[0]?.values?.[0]?.value?.string;
    return key?.startsWith(PREFIX) && typeof value === 'string' ? [numberOf(value)] : [];
  });
}

/**
 * Subscriptions and recoveries that a node has answered; not the checks of its health, and not the
 * changes.
 */
async function requestsOf(node: HoldfastNode): Promise<number> {
  const metrics = await (await fetch(`${node.url}/metrics`)).text();
  const counts = metrics.matchAll(/^holdfast_http_requests_total\{route="([^"]+)"[^}]*\} (\d+)$/gm);
  return [...counts]
    .filter(([, route = '']) => route.startsWith('/api/'))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}
