/**
 * The publisher: while this node leads, every feed entry reaches every GRIP proxy, in order; a proxy that missed something is made to
 * recover it.
 *
 *     feed ──▶ outbox ──┬──▶ worker ──▶ proxy
 *                       └──▶ worker ──▶ proxy
 *
 * Invariant across leaders: for each proxy, a cursor in the store names a feed position up to which it has everything. A new leader reads
 * the cursors, then the feed from the oldest of them, so that entries which the old leader had not finished are sent again as ordinary
 * items; where the feed or the outbox does not reach back that far (or there is no cursor), every environment gets a resync item. Clients
 * are notified shard by shard that something has changed, so that has a cursor of its own; see refetch-schedule.ts.
 */
import type { Logger } from 'pino';
import type { ProxyAddress } from '../grip/proxies.js';
import type { Store } from '../store/store.js';
import type { ResolveHost } from './discovery.js';
import { LeaderTerm } from './leader-term.js';
import type { OutboxLimits } from './outbox.js';
import type { ProxyStatus, ProxyWorkerEvents } from './proxy-worker.js';

/** The parts and settings of a publisher. */
export interface PublisherOptions {
  readonly store: Store;
  readonly proxies: readonly ProxyAddress[];
  /** Unique to this process. */
  readonly holder: string;
  readonly log: Logger;
  /** The metrics of a proxy's worker. */
  readonly observe: (proxy: string) => Omit<ProxyWorkerEvents, 'cursor'>;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds over which the clients of an environment are notified of a change. */
  readonly refetchSpread: number;
  readonly limits?: OutboxLimits;
  readonly resolve?: ResolveHost;
}

/** The state of a publisher, for readiness and metrics. */
export interface PublisherStatus {
  readonly leader: boolean;
  /** Empty on nodes that do not lead. */
  readonly proxies: readonly ProxyStatus[];
}

/** Publishes the feed to all proxies in the terms in which this node leads. */
export class Publisher {
  readonly #options: PublisherOptions;
  #term: LeaderTerm | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** The state of this node and of the proxies it publishes to. */
  status(): PublisherStatus {
    return { leader: this.#term?.leading === true, proxies: this.#term?.status() ?? [] };
  }

  /** Publishes until the signal aborts. Called while this node has the lease; see leader/election.ts. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#term = await LeaderTerm.begin(this.#options, signal);
    await this.#term?.run(signal).finally(() => (this.#term = undefined));
  }
}
