/**
 * The worker of one proxy: sends the outbox's entries to it, in order, one request at a time, for as long as this node leads.
 *
 * Workers share nothing but the outbox, so a proxy that is dead or slow delays no other.
 */
import type { Logger } from 'pino';
import { equalJitter, type BackoffRange } from '../core/backoff.js';
import { Signal } from '../core/signal.js';
import type { FeedPosition } from '../store/store.js';
import type { OutboxCursor, PublishTarget } from './outbox.js';
import { nextBatch, BATCH_MAX_ITEMS, type Batch } from './batch.js';
import type { PublishResult } from './proxy-client.js';

/** The events of a proxy's worker, for metrics and cursors. */
export interface ProxyWorkerEvents {
  accepted(items: number): void;
  failed(): void;
  /** Milliseconds from the commit of one entry to its acceptance. */
  lag(milliseconds: number, target: PublishTarget): void;
  resynced(items: number): void;
  /** The number of accepted items that notify clients to fetch. */
  refetched(items: number): void;
  /** The proxy has everything up to and including this entry. */
  cursor(position: FeedPosition): void;
}

/** The parts and settings of a proxy's worker. */
export interface ProxyWorkerOptions {
  readonly name: string;
  readonly cursor: OutboxCursor;
  readonly maxBody: number;
  /** Milliseconds from the start of a request to that of the next, at least. */
  readonly interval: number;
  readonly publish: (items: Batch['items']) => Promise<PublishResult>;
  readonly events: ProxyWorkerEvents;
  readonly log: Logger;
  /** Waits that many milliseconds, or until the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** The backoff between retries, from half of the limit to all of it. */
const BACKOFF: BackoffRange = { first: 100, max: 10_000 };

/** The state of one proxy. */
export interface ProxyStatus {
  readonly proxy: string;
  readonly state: 'ok' | 'failing';
  /** Entries that it has not accepted yet. */
  readonly waiting: number;
  /** Environments that wait for a resync. */
  readonly missed: number;
  readonly error?: string;
}

/** Publishes the entries of one cursor to one proxy. */
export class ProxyWorker {
  readonly #options: ProxyWorkerOptions;
  readonly #grown = new Signal();
  #failures = 0;
  #error: string | undefined;
  #maxItems = BATCH_MAX_ITEMS;
  /** When the last request was sent. */
  #sentAt = -Infinity;

  constructor(options: ProxyWorkerOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get cursor(): OutboxCursor {
    return this.#options.cursor;
  }

  status(): ProxyStatus {
    const { name, cursor: cursor } = this.#options;
    return {
      proxy: name,
      state: this.#failures === 0 ? 'ok' : 'failing',
      waiting: cursor.waiting,
      missed: cursor.missed,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Tells the worker that the outbox has grown. */
  wake(): void {
    this.#grown.notify();
  }

  /** Sends until the signal aborts; waits for a request under way. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const batch = nextBatch(this.#options.cursor, this.#options.maxBody, this.#maxItems);
      if (batch === undefined) await this.#grown.wait(undefined, signal);
      else if (batch.items.length === 0) this.#settle(batch);
      else if (this.#tooEarly() > 0) await this.#options.sleep(this.#tooEarly(), signal);
      else await this.#send(batch, signal);
    }
  }

  /**
   * Milliseconds until the next request may be sent. Entries that arrive in the meantime go with it: the batch is built again. After a pause there is nothing to wait for, so a single change is not late.
   */
  #tooEarly(): number {
    const { interval, now } = this.#options;
    // A clock that was set back must not make this long.
    return Math.min(interval, this.#sentAt + interval - now());
  }

  async #send(batch: Batch, signal: AbortSignal): Promise<void> {
    const { events, publish, now } = this.#options;
    this.#sentAt = now();
    const result = await publish(batch.items);
    switch (result.kind) {
      case 'accepted':
        this.#recovered();
        events.accepted(batch.items.length);
        if (batch.kind === 'missed') events.resynced(batch.items.length);
        this.#measure(batch.entries);
        this.#settle(batch);
        return;
      case 'refused':
        this.#refused(batch, result.reason);
        return;
      case 'failed':
        await this.#wait(result.reason, result.retryAfterMs, signal);
    }
  }

  #measure(entries: Batch['entries']): void {
    const { events, now } = this.#options;
    let refetched = 0;
    for (const { at, target: target } of entries) {
      // Clients are notified late on purpose.
      if (target.kind === 'clients') refetched++;
      // The store's clock may be ahead of ours.
      else events.lag(Math.max(0, now() - at), target);
    }
    if (refetched > 0) events.refetched(refetched);
  }

  #settle(batch: Batch): void {
    batch.settle();
    const { cursor: cursor, events } = this.#options;
    if (cursor.complete) events.cursor(cursor.position);
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.log.info({ proxy: this.name }, 'the proxy accepts items again');
    this.#failures = 0;
    this.#error = undefined;
    this.#maxItems = Math.min(BATCH_MAX_ITEMS, 2 * this.#maxItems);
  }

  /**
   * Finds the item that the proxy refuses by halving, and gives its environment a resync instead. Halving, because it costs few requests
   * whether one item is wrong or the proxy takes smaller bodies than we believe.
   */
  #refused(batch: Batch, reason: string): void {
    const { log, events } = this.#options;
    events.failed();
    if (batch.items.length > 1) {
      this.#maxItems = Math.floor(batch.items.length / 2);
      return;
    }
    log.error(
      { proxy: this.name, reason },
      'the proxy refused an item for good; its holds are made to recover instead',
    );
    batch.drop();
  }

  async #wait(reason: string, retryAfterMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { events, log, random, sleep } = this.#options;
    this.#failures++;
    this.#error = reason;
    events.failed();
    const wait = retryAfterMs ?? equalJitter(this.#failures, BACKOFF, random());
    if (this.#failures === 1)
      log.warn({ proxy: this.name, reason }, 'the proxy does not accept items; trying until it does');
    await sleep(wait, signal);
  }
}
