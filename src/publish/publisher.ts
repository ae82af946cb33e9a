/**
 * The publisher: while this node leads, every feed entry reaches every GRIP proxy, in order, and
 * the holds of a proxy that missed something are made to recover. See leader-term.ts.
 */
import { LeaderTerm, type PublisherOptions } from './leader-term.js';
import type { ProxyStatus } from './proxy-worker.js';

/** The publisher's part in health and metrics. */
export interface PublisherStatus {
  readonly leader: boolean;
  /** Empty on nodes that do not lead. */
  readonly proxies: readonly ProxyStatus[];
}

/** Publishes in terms of leadership, one after the other. */
export class Publisher {
  readonly #options: PublisherOptions;
  #term: LeaderTerm | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** The state of this node's term, if it leads. */
  status(): PublisherStatus {
    return { leader: this.#term !== undefined, proxies: this.#term?.status() ?? [] };
  }

  /**
   * Publishes until the signal aborts. To be called while this node has the lease; see election.ts.
   */
  async lead(signal: AbortSignal): Promise<void> {
    const term = new LeaderTerm(this.#options);
    try {
      await term.run(signal, () => {
        this.#term = term;
      });
    } finally {
      this.#term = undefined;
    }
  }
}
