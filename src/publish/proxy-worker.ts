/**
 * The worker of one proxy: sends the entries of the outbox, in order, one request at a time, for as
 * long as this node leads.
 *
 * Workers share nothing but the outbox, so a proxy that is down or slow delays no other.
 */
import type { Logger } from 'pino';
import { equalJitter, type BackoffRange } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { Signal } from '../core/signal.js';
import type { FeedPosition } from '../store/store.js';
import { nextBatch, BATCH_MAX_ITEMS, type Batch } from './outbox/batch.js';
import type { OutboxTrace, PublishTarget } from './outbox/entry.js';
import type { OutboxCursor } from './outbox/outbox.js';
import type { PublishResult } from './proxy-client.js';

/** The reports of a worker, for metrics and the cursor. */
export interface ProxyWorkerEvents {
  accepted(items: number): void;
  failed(): void;
  /** @param milliseconds from the commit of one entry to its acceptance */
  lag(milliseconds: number, target: PublishTarget): void;
  /** Reports an entry with a trace that was accepted. */
  traced(trace: OutboxTrace, target: PublishTarget): void;
  resynced(items: number): void;
  /** @param items of those accepted, the ones that notify clients to fetch */
  refetched(items: number): void;
  /** Reports that the proxy has everything up to and including this position. */
  cursor(position: FeedPosition): void;
}

/** The collaborators and limits of a worker. */
export interface ProxyWorkerOptions {
  readonly name: string;
  readonly cursor: OutboxCursor;
  /** The limit of a request, bytes. */
  readonly maxBody: number;
  /** Milliseconds from the start of a request to that of the next, at least. */
  readonly interval: number;
  readonly publish: (items: Batch['items']) => Promise<PublishResult>;
  readonly events: ProxyWorkerEvents;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Milliseconds. */
const BACKOFF: BackoffRange = { first: 100, max: 10_000 };

/** The state of one proxy, for health and metrics. */
export interface ProxyStatus {
  readonly proxy: string;
  readonly state: 'ok' | 'failing';
  /** Entries that it has not accepted yet. */
  readonly waiting: number;
  /** Environments that wait for a resync. */
  readonly missed: number;
  /** The reason of the last failure, while it fails. */
  readonly error?: string;
}

/** Sends the outbox to one proxy. */
export class ProxyWorker {
  readonly #options: ProxyWorkerOptions;
  readonly #grown = new Signal();
  #failures = 0;
  #error: string | undefined;
  #maxItems = BATCH_MAX_ITEMS;
  /** The start of the last request, milliseconds, monotonic. */
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

  /** The state of the proxy. */
  status(): ProxyStatus {
    const { name, cursor } = this.#options;
    return {
      proxy: name,
      state: this.#failures === 0 ? 'ok' : 'failing',
      waiting: cursor.waiting,
      missed: cursor.missed.environments,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Wakes the worker: the outbox has grown. */
  wake(): void {
    this.#grown.notify();
  }

  /** Sends until the signal aborts; a request that is under way then is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    const { cursor, maxBody, clock } = this.#options;
    while (!signal.aborted) {
      const batch = nextBatch(cursor, maxBody, this.#maxItems);
      if (batch === undefined) await this.#grown.wait(undefined, signal);
      else if (batch.items.length === 0) this.#settle(batch);
      else if (this.#tooEarly() > 0) await clock.sleep(this.#tooEarly(), signal);
      else await this.#send(batch, signal);
    }
  }

  /**
   * Milliseconds until the next request may be sent. Entries that come in the meantime go with it:
   * the batch is built again. After a pause there is nothing to wait for, so a single change is not
   * late.
   */
  #tooEarly(): number {
    const { interval, clock } = this.#options;
    return this.#sentAt + interval - clock.monotonic();
  }

  async #send(batch: Batch, signal: AbortSignal): Promise<void> {
    const { events, publish, clock } = this.#options;
    this.#sentAt = clock.monotonic();
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
    const { events, clock } = this.#options;
    let refetched = 0;
    for (const { at, target, trace } of entries) {
      if (trace !== undefined) events.traced(trace, target);
      // Clients are notified late on purpose.
      if (target.kind === 'clients') refetched++;
      // The store's clock may be ahead of this node's.
      else events.lag(Math.max(0, clock.now() - at), target);
    }
    if (refetched > 0) events.refetched(refetched);
  }

  #settle(batch: Batch): void {
    batch.settle();
    const { cursor, events } = this.#options;
    if (cursor.complete) events.cursor(cursor.position);
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.log.info({ proxy: this.name }, 'the proxy accepts items again');
    this.#failures = 0;
    this.#error = undefined;
    this.#maxItems = Math.min(BATCH_MAX_ITEMS, 2 * this.#maxItems);
  }

  /**
   * Finds the item that the proxy refuses by halving, and gives its environment a resync instead.
   * Halving, because it costs few requests both when one item is wrong and when the proxy takes
   * smaller bodies than is assumed here.
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
    const { events, log, clock } = this.#options;
    this.#failures++;
    this.#error = reason;
    events.failed();
    const wait = retryAfterMs ?? equalJitter(this.#failures, BACKOFF, clock.random());
    if (this.#failures === 1)
      log.warn({ proxy: this.name, reason }, 'the proxy does not accept items; trying until it does');
    await clock.sleep(wait, signal);
  }
}
