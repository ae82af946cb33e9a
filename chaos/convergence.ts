/**
 * Watches whether nodes serve what the store has, and whether they say so when they do not.
 *
 * A node whose version of an environment is above the store's has writes that the store lost. It
 * heals, or says `degraded` for as long as it has not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { authorization } from './clients/client.js';
import type { Span } from './clients/journal.js';
import { merge, unexcused } from './checks/staleness.js';
import type { Violation } from './checks/violation.js';
import type { Site } from './site.js';
import type { SiteNode } from './site-node.js';

const INTERVAL = 700;
const ANSWER_WITHIN = 1_000;

type Keys = ReadonlyMap<bigint, string>;

export class Convergence {
  readonly #site: Site;
  readonly #keys: Keys;
  readonly #limit: number;
  /** Since when a node has been ahead of the store without a word, by node and environment. */
  readonly #silent = new Map<string, number>();
  readonly #spans: (Span & { readonly name: string })[] = [];
  readonly #done = new AbortController();
  readonly #watching: Promise<void>;

  /** @param limit for how long a node may be ahead of the store and say nothing, milliseconds */
  constructor(site: Site, keys: Keys, limit: number) {
    this.#site = site;
    this.#keys = keys;
    this.#limit = limit;
    this.#watching = this.#watch();
  }

  async close(): Promise<void> {
    this.#done.abort();
    await this.#watching;
    for (const name of [...this.#silent.keys()]) this.#end(name);
  }

  /** @param excused when a node could not know it */
  violations(excused: readonly Span[]): Violation[] {
    const merged = merge(excused);
    return this.#spans.flatMap(({ name, from, to }) => {
      const length = unexcused({ from, to }, merged);
      if (length <= this.#limit) return [];
      const text = `${name} was ahead of the store for ${Math.round(length)} ms and did not say that it is degraded`;
      return [{ check: 'nodes', text, at: to } as const];
    });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#done;
    while (!signal.aborted) {
      await Promise.all(this.#site.nodes.map((node) => this.#look(node)));
      await pause(INTERVAL, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(node: SiteNode): Promise<void> {
    for (const [environment, key] of this.#keys) {
      const name = `node ${node.index + 1} in environment ${environment}`;
      // One that does not answer serves nothing.
      const isAhead = node.isUp && (await this.#isAhead(node, environment, key));
      if (!isAhead || (await storeHealth(node))?.isDegraded !== false) this.#end(name);
      else if (!this.#silent.has(name)) this.#silent.set(name, performance.now());
    }
  }

  async #isAhead(node: SiteNode, environment: bigint, key: string): Promise<boolean> {
    try {
      const served = await servedVersion(node, key);
      const stored = await this.#site.store.version(environment);
      return served !== undefined && served > (stored ?? 0n);
    } catch {
      return false;
    }
  }

  #end(name: string): void {
    const from = this.#silent.get(name);
    if (from === undefined) return;
    this.#silent.delete(name);
    this.#spans.push({ name, from, to: performance.now() });
  }
}

/** True when a node serves every environment at the version of the store. */
export async function hasConverged({ store }: Site, node: SiteNode, keys: Keys): Promise<boolean> {
  const health = await storeHealth(node);
  if (health === undefined || health.isDegraded) return false;
  for (const [environment, key] of keys) {
    const before = await store.version(environment);
    const served = await servedVersion(node, key);
    const after = await store.version(environment);
    if (served === undefined || before === undefined || after === undefined) return false;
    if (served < before || served > after) return false;
  }
  return true;
}

/** What a node says of its store; `undefined`: nothing. */
export async function storeHealth(
  node: SiteNode,
): Promise<{ readonly isDegraded: boolean; readonly text: string } | undefined> {
  try {
    const answer = await fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN) });
    const { degraded = [], store } = (await answer.json()) as { degraded?: string[]; store?: object };
    return { isDegraded: degraded.includes('store'), text: JSON.stringify(store) };
  } catch {
    return undefined;
  }
}

/** By the ETag of a snapshot without configs: `"<environment>-<version>"`. */
async function servedVersion(node: SiteNode, key: string): Promise<bigint | undefined> {
  try {
    const answer = await fetch(`${node.url}/api/v1/configs/${MAX_VERSION}`, {
      headers: { authorization: authorization(key) },
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    await answer.arrayBuffer();
    const [, version] = /(\d+)"$/.exec(answer.headers.get('etag') ?? '') ?? [];
    return answer.status === 200 && version !== undefined ? BigInt(version) : undefined;
  } catch {
    return undefined;
  }
}

const MAX_VERSION = 2n ** 63n - 1n;
