/**
 * The purger: while this node leads, what a change makes old in a CDN's cache is purged there.
 *
 * Nothing depends on it: without it copies are as old as their headers say, and no older. So it has
 * no share in readiness, and what it cannot purge it tries again for as long as it leads. Its
 * cursor in the store says where a successor goes on.
 */
import type { Logger } from 'pino';
import { equalJitter, type BackoffRange } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { FeedSignal, Store } from '../store/store.js';
import { PurgeClient, type PurgeTarget } from './purge-client.js';
import { PurgeQueue, type PurgeBatch } from './purge-queue.js';

/** The events of a purger, for metrics. */
export interface PurgeEvents {
  purged(keys: number): void;
  failed(): void;
  /** Milliseconds from a commit to the purge of one of its keys. */
  lag(milliseconds: number): void;
}

/** The parts and settings of a purger. */
export interface PurgerOptions {
  readonly store: Store;
  readonly target: PurgeTarget;
  /**
   * Milliseconds from a change to the purge, and between two requests, at least: under load changes
   * go together.
   */
  readonly delay: number;
  /** Unique to this process. */
  readonly holder: string;
  readonly log: Logger;
  readonly events: PurgeEvents;
  readonly clock: Clock;
}

/** Milliseconds. */
const BACKOFF: BackoffRange = { first: 1_000, max: 60_000 };
/** The longest wait when no purge is due; a change ends it. */
const IDLE_MS = 60_000;

/** Purges changed environments and revoked keys at a CDN while this node leads. */
export class Purger {
  readonly #options: PurgerOptions;
  readonly #name: string;
  #queue: PurgeQueue | undefined;
  #changed = new AbortController();
  #failures = 0;

  constructor(options: PurgerOptions) {
    this.#options = options;
    this.#name = `purge ${options.target.url}`;
  }

  /** The number of keys that wait to be purged; 0 on nodes that do not lead. */
  get waiting(): number {
    return this.#queue?.size ?? 0;
  }

  /** Purges until the signal aborts. To be called while this node has the lease. */
  async lead(signal: AbortSignal): Promise<void> {
    const { store, delay, target, clock } = this.#options;
    // Without a cursor there is nothing to make up for: cached responses are as old as their
    // headers allow.
    const from = (await store.leadership.cursors()).get(this.#name) ?? (await store.head());
    const queue = new PurgeQueue(from, delay);
    const client = new PurgeClient(target, clock.now);
    const stopping = new AbortController();
    this.#queue = queue;
    const sending = this.#send(queue, client, AbortSignal.any([signal, stopping.signal]));
    try {
      for await (const feed of store.follow(from, signal)) await this.#take(queue, feed);
    } finally {
      stopping.abort();
      await sending;
      await client.close();
      this.#queue = undefined;
    }
  }

  async #take(queue: PurgeQueue, feed: FeedSignal): Promise<void> {
    const { store, clock } = this.#options;
    if (feed.kind === 'entries') {
      for (const entry of feed.entries) queue.take(entry, clock.now());
    } else if (feed.kind === 'gap') {
      const { environments, damaged } = await store.listEnvironments();
      queue.takeAll(
        [...environments, ...damaged].flatMap(({ id }) => id ?? []),
        feed.position,
        clock.now(),
      );
    }
    if (feed.kind === 'entries' || feed.kind === 'gap') this.#changed.abort();
  }

  async #send(queue: PurgeQueue, client: PurgeClient, signal: AbortSignal): Promise<void> {
    const { clock, delay } = this.#options;
    while (!signal.aborted) {
      // Aborts a wait when a change comes, also one that comes during a purge.
      this.#changed = new AbortController();
      const batch = queue.next(clock.now());
      if (batch !== undefined) {
        const sentAt = clock.monotonic();
        await this.#purge(queue, batch, client, signal);
        await clock.sleep(Math.max(0, sentAt + delay - clock.monotonic()), signal);
      } else {
        const wait = Math.min(IDLE_MS, Math.max(0, (queue.due() ?? Infinity) - clock.now()));
        await clock.sleep(wait, AbortSignal.any([signal, this.#changed.signal]));
      }
    }
  }

  async #purge(
    queue: PurgeQueue,
    batch: PurgeBatch,
    client: PurgeClient,
    signal: AbortSignal,
  ): Promise<void> {
    const { events, log, clock } = this.#options;
    const sentAt = clock.now();
    const result = await client.purge(batch.keys);
    if (result.kind === 'purged') {
      events.purged(batch.keys.length);
      for (const lag of batch.settle(sentAt, clock.now())) events.lag(lag);
      if (this.#failures > 0) log.info({ purge: this.#options.target.url }, 'copies are purged again');
      this.#failures = 0;
      await this.#save(queue);
      return;
    }
    events.failed();
    this.#failures++;
    if (this.#failures === 1) {
      log.warn(
        { purge: this.#options.target.url, reason: result.reason },
        'copies cannot be purged, trying until they can; until then they are as old as their headers say',
      );
    }
    const backoff = equalJitter(this.#failures, BACKOFF, clock.random());
    await clock.sleep(result.retryAfterMs ?? backoff, signal);
  }

  async #save(queue: PurgeQueue): Promise<void> {
    const { store, holder, log } = this.#options;
    try {
      await store.leadership.saveCursors(holder, new Map([[this.#name, queue.cursor]]));
    } catch (error) {
      // A successor purges more than it must.
      log.debug({ error: messageOf(error) }, 'could not write the cursor of purging');
    }
  }
}
