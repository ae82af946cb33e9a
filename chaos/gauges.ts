/**
 * The nodes' counters, summed over their lives: a node that was restarted counts from zero, and its
 * earlier counts are kept.
 */
import type { SiteNode } from './site-node.js';

const INTERVAL = 400;

/** Metrics that only grow, without their labels. */
const COUNTERS = [
  'holdfast_recoveries_total',
  'holdfast_resync_items_total',
  'holdfast_published_items_total',
  'holdfast_publish_failures_total',
  'holdfast_data_lost_total',
] as const;
export type CounterName = (typeof COUNTERS)[number];

/**
 * The harness was not run for longer than this, milliseconds: the machine had other things to do,
 * which is no fault of the installation.
 */
const STALL = 400;
const TICK = 100;

export class Gauges {
  /** When this process was not run. */
  readonly stalls: { readonly from: number; readonly to: number }[] = [];
  readonly #nodes: readonly SiteNode[];
  readonly #last = new Map<string, number>();
  readonly #sums = new Map<CounterName, number>();
  readonly #timers: NodeJS.Timeout[];
  #looked = performance.now();

  constructor(nodes: readonly SiteNode[]) {
    this.#nodes = nodes;
    this.#timers = [setInterval(() => void this.#sample(), INTERVAL), setInterval(() => this.#tick(), TICK)];
  }

  sum(name: CounterName): number {
    return this.#sums.get(name) ?? 0;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#sample();
  }

  #tick(): void {
    const now = performance.now();
    const length = now - this.#looked;
    if (length > STALL) this.stalls.push({ from: this.#looked, to: now });
    this.#looked = now;
  }

  async #sample(): Promise<void> {
    await Promise.all(
      this.#nodes.map(async (node) => {
        if (!node.isUp) return;
        try {
          const answer = await fetch(`${node.url}/metrics`, { signal: AbortSignal.timeout(INTERVAL) });
          this.#add(node, await answer.text());
        } catch {
          // Paused, or about to be down: the next look sees more.
        }
      }),
    );
  }

  #add(node: SiteNode, text: string): void {
    for (const name of COUNTERS) {
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
      const now = values.reduce((sum, [, value]) => sum + Number(value), 0);
      const series = `${node.index} ${name}`;
      const before = this.#last.get(series) ?? 0;
      this.#last.set(series, now);
      this.#sums.set(name, this.sum(name) + (now >= before ? now - before : now));
    }
  }
}
