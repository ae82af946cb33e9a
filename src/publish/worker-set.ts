/** The workers of all proxies, kept in step with the addresses that the proxies have. */
import { messageOf } from '../core/errors.js';
import type { ProxyAddress } from '../grip/proxies.js';
import type { FeedPosition } from '../store/store.js';
import { discoverEndpoints, type ResolveHost } from './discovery.js';
import type { OutboxCursor } from './outbox/outbox.js';
import { endpointName, ProxyClient, type ProxyEndpoint } from './proxy-client.js';
import {
  ProxyWorker,
  type ProxyStatus,
  type ProxyWorkerEvents,
  type ProxyWorkerOptions,
} from './proxy-worker.js';

/** The collaborators of the workers. */
export interface WorkerSetOptions extends Pick<ProxyWorkerOptions, 'log' | 'clock'> {
  readonly proxies: readonly ProxyAddress[];
  /** Takes what a worker reports, for metrics. */
  readonly observe: (proxy: string) => Omit<ProxyWorkerEvents, 'cursor'>;
  readonly resolve?: ResolveHost | undefined;
}

/** The outbox as the workers need it. */
export interface WorkerSource {
  /** Returns the cursor of a proxy that appeared, and whether it goes on where it stopped. */
  cursorFor(proxy: string): Promise<{ readonly cursor: OutboxCursor; readonly resumed: boolean }>;
  /** Forgets the cursor of a proxy that is gone. */
  remove(cursor: OutboxCursor): void;
  /** Notes that a proxy has everything up to and including this position. */
  reached(proxy: string, position: FeedPosition): void;
  /** Ends the term: a worker failed with an unexpected error. */
  failed(error: unknown): void;
}

/**
 * The time that a proxy has to answer the request under way when its worker is stopped,
 * milliseconds.
 */
const LAST_ANSWER_MS = 1_000;

interface RunningWorker {
  readonly worker: ProxyWorker;
  readonly stop: () => Promise<void>;
}

/** One worker for each address of each proxy. */
export class WorkerSet {
  readonly #options: WorkerSetOptions;
  readonly #source: WorkerSource;
  readonly #running = new Map<string, RunningWorker>();

  constructor(options: WorkerSetOptions, source: WorkerSource) {
    this.#options = options;
    this.#source = source;
  }

  /** The state of each proxy. */
  status(): ProxyStatus[] {
    return [...this.#running.values()].map(({ worker }) => worker.status());
  }

  /** The names of the proxies that are published to, as their cursors have them. */
  names(): Iterable<string> {
    return this.#running.keys();
  }

  /** The cursors of all workers. */
  *cursors(): Generator<OutboxCursor> {
    for (const { worker } of this.#running.values()) yield worker.cursor;
  }

  /** Wakes all workers: the outbox has grown. */
  wake(): void {
    for (const { worker } of this.#running.values()) worker.wake();
  }

  /** Starts a worker for each proxy that appeared, and stops those of proxies that are gone. */
  async reconcile(): Promise<void> {
    const { log } = this.#options;
    const found = new Map((await this.#endpoints()).map((endpoint) => [endpointName(endpoint), endpoint]));
    for (const [name, running] of this.#running) {
      if (found.has(name)) continue;
      this.#running.delete(name);
      log.info({ proxy: name }, 'a proxy is gone');
      this.#source.remove(running.worker.cursor);
      await running.stop();
    }
    for (const [name, endpoint] of found) {
      if (this.#running.has(name)) continue;
      const { cursor, resumed } = await this.#source.cursorFor(name);
      this.#running.set(name, this.#start(name, endpoint, cursor));
      log.info({ proxy: name, resumed }, 'publishing to a proxy');
    }
  }

  /** Stops all workers. A request that is under way is waited for, a second at most. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.stop()));
    this.#running.clear();
  }

  async #endpoints(): Promise<ProxyEndpoint[]> {
    const { proxies, resolve, log } = this.#options;
    const found = await Promise.all(
      proxies.map(async (address) => {
        try {
          return await discoverEndpoints(address, resolve);
        } catch (error) {
          log.warn(
            { proxy: address.name, error: messageOf(error) },
            'the proxy has no address; the ones it had are kept',
          );
          const kept = [...this.#kept(address)];
          return kept.length > 0 ? kept : [{ address }];
        }
      }),
    );
    return found.flat();
  }

  *#kept(address: ProxyAddress): Generator<ProxyEndpoint> {
    for (const name of this.#running.keys()) {
      if (name === address.name) yield { address };
      else if (name.startsWith(`${address.name} at `))
        yield { address, ip: name.slice(address.name.length + 4) };
    }
  }

  #start(name: string, endpoint: ProxyEndpoint, cursor: OutboxCursor): RunningWorker {
    const { log, clock, observe } = this.#options;
    const client = new ProxyClient(endpoint);
    const worker = new ProxyWorker({
      name,
      cursor,
      maxBody: endpoint.address.maxBody,
      interval: endpoint.address.interval,
      publish: (items) => client.publish(items),
      events: { ...observe(name), cursor: (position) => this.#source.reached(name, position) },
      log,
      clock,
    });
    const stopping = new AbortController();
    const done = worker.run(stopping.signal).catch((error: unknown) => this.#source.failed(error));
    const stop = async (): Promise<void> => {
      stopping.abort();
      // The next leader must not wait for a proxy that does not answer. Items that the proxy takes
      // all the same are dropped as repeats later.
      const timer = setTimeout(() => void client.close(), LAST_ANSWER_MS);
      await done;
      clearTimeout(timer);
      await client.close();
    };
    return { worker, stop };
  }
}
