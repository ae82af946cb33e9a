/**
 * The worker of one proxy: sends what the backlog has for it, in order, one request at a time, for as long as we lead.
 *
 * Workers share nothing but the backlog, so a proxy that is dead or slow delays nobody else.
 */
import type { Logger } from 'pino';
import type { FeedPosition } from '../store/store.js';
import type { OutboxCursor, PublishTarget } from './outbox.js';
import { nextBatch, BATCH_MAX_ITEMS, type Batch } from './batch.js';
import type { PublishResult } from './proxy-client.js';

export interface ProxyWorkerEvents {
  accepted(items: number): void;
  failed(): void;
  /** Milliseconds from the commit of one entry to its acceptance. */
  lag(milliseconds: number, subject: PublishTarget): void;
  resynced(items: number): void;
  /** Of the items that were accepted, those that tell clients to fetch. */
  refetched(items: number): void;
  /** The proxy has everything up to and including this entry. */
  cursor(position: FeedPosition): void;
}

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

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;

/** How long to wait after that many failures in a row: doubling from 0.1 s to 10 s, between half and all of it. */
export function backoff(failures: number, random: number): number {
  const full = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1));
  return Math.round(full * (0.5 + 0.5 * random));
}

export interface ProxyStatus {
  readonly proxy: string;
  readonly state: 'ok' | 'failing';
  /** Entries that it has not accepted yet. */
  readonly waiting: number;
  /** Environments that wait for a resync. */
  readonly missed: number;
  readonly error?: string;
}

export class ProxyWorker {
  readonly #options: ProxyWorkerOptions;
  #wake: () => void = () => undefined;
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
    const { name, cursor: place } = this.#options;
    return {
      proxy: name,
      state: this.#failures === 0 ? 'ok' : 'failing',
      waiting: place.waiting,
      missed: place.missed,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /** Tells the worker that the backlog has grown. */
  wake(): void {
    this.#wake();
  }

  /** Sends until the signal aborts; a request that is on its way then is waited for. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const batch = nextBatch(this.#options.cursor, this.#options.maxBody, this.#maxItems);
      if (batch === undefined) await this.#idle(signal);
      else if (batch.items.length === 0) this.#settle(batch);
      else if (this.#tooEarly() > 0) await this.#options.sleep(this.#tooEarly(), signal);
      else await this.#send(batch, signal);
    }
  }

  /**
   * Milliseconds until the next request may be sent. What comes meanwhile goes with it: the batch is made anew. After a pause there is nothing to
   * wait for, so a single change is not late.
   */
  #tooEarly(): number {
    const { interval, now } = this.#options;
    // A clock that was set back must not make this long.
    return Math.min(interval, this.#sentAt + interval - now());
  }

  #idle(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#wake = () => undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done);
    });
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
    for (const { at, target: subject } of entries) {
      // Clients are told late on purpose.
      if (subject.kind === 'clients') refetched++;
      // The store's clock may be ahead of ours.
      else events.lag(Math.max(0, now() - at), subject);
    }
    if (refetched > 0) events.refetched(refetched);
  }

  #settle(batch: Batch): void {
    batch.settle();
    const { cursor: place, events } = this.#options;
    if (place.complete) events.cursor(place.position);
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
      'the proxy refused an item for good; its holds are told to recover instead',
    );
    batch.drop();
  }

  async #wait(reason: string, retryAfterMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { events, log, random, sleep } = this.#options;
    this.#failures++;
    this.#error = reason;
    events.failed();
    const wait = retryAfterMs ?? backoff(this.#failures, random());
    if (this.#failures === 1)
      log.warn({ proxy: this.name, reason }, 'the proxy does not accept items; trying until it does');
    await sleep(wait, signal);
  }
}
