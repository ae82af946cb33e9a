/**
 * One term of leadership. Its workers, cursors and outbox live and end with it: nothing of a term
 * is left when the next one begins, on this node or another.
 *
 *     feed ──▶ outbox ──┬──▶ worker ──▶ proxy
 *                       └──▶ worker ──▶ proxy
 *
 * Invariant across leaders: for each proxy, a cursor in the store names a feed position up to which
 * it has everything. A new leader reads the cursors, then the feed from the oldest of them, so the
 * entries that the old leader had not finished are sent again as ordinary items. Where the feed or
 * the outbox does not reach back that far (or there is no cursor), every environment gets a resync
 * item. The clients of event streams are notified spread over time, so their progress has cursors
 * of its own; see refetch-schedule.ts and boundary-watch.ts.
 */
import { messageOf } from '../core/errors.js';
import { CursorSaver } from '../leader/cursors.js';
import { StaleCursors } from '../leader/stale-cursors.js';
import type { FeedPosition, FeedSignal, Store } from '../store/store.js';
import { readFeedHistory } from './history.js';
import { outboxEntryOf, targetsOf, type PublishTarget } from './outbox/entry.js';
import { DEFAULT_OUTBOX_LIMITS, Outbox, type OutboxCursor, type OutboxLimits } from './outbox/outbox.js';
import type { ProxyStatus } from './proxy-worker.js';
import { RefetchNotifier, type UnfinishedRefetches } from './refetch-notifier.js';
import { WorkerSet, type WorkerSetOptions, type WorkerSource } from './worker-set.js';

/** The collaborators of a term. */
export interface PublisherOptions extends WorkerSetOptions {
  readonly store: Store;
  /** Unique to this process. */
  readonly holder: string;
  /** Milliseconds over which the clients of an environment are notified of a change. */
  readonly refetchSpread: number;
  readonly limits?: OutboxLimits;
}

/** The interval at which host names are resolved again, milliseconds. */
const DISCOVER_MS = 15_000;

/**
 * The cursor of the feed position up to which all clients are notified. No proxy has this name:
 * theirs are of URLs.
 */
const REFETCH_CURSOR = 'refetch';

/**
 * The cursor of the time up to which all clients are notified of time boundaries, milliseconds
 * since 1970.
 */
const BOUNDARY_CURSOR = 'boundaries';

/** The state that the term before left in the store. */
interface Inheritance extends UnfinishedRefetches {
  /** The positions of all cursors, by name. */
  readonly cursors: Map<string, FeedPosition>;
}

/** A term of leadership: publishes every feed entry to every proxy until it ends. */
export class LeaderTerm {
  readonly #options: PublisherOptions;
  readonly #outbox: Outbox;
  readonly #saver: CursorSaver;
  readonly #workers: WorkerSet;
  readonly #notifier: RefetchNotifier;
  readonly #staleCursors: StaleCursors;
  /** Aborts with the reason for which this term cannot go on. */
  readonly #failed = new AbortController();
  /** The cursors at the beginning, until the proxies of that time have theirs. */
  #cursors = new Map<string, FeedPosition>();
  /** The cursor that the outbox began at, if the outbox has all that follows. */
  #oldest: FeedPosition | undefined;
  /** The feed position of the outbox's end. */
  #last: FeedPosition = '';

  constructor(options: PublisherOptions) {
    const { store, holder, log, refetchSpread, limits = DEFAULT_OUTBOX_LIMITS } = options;
    this.#options = options;
    this.#outbox = new Outbox(limits);
    this.#saver = new CursorSaver((cursors) => store.leadership.saveCursors(holder, cursors), log);
    this.#workers = new WorkerSet(options, this.#source());
    this.#staleCursors = new StaleCursors({
      ...options,
      leadership: store.leadership,
      present: () => [REFETCH_CURSOR, BOUNDARY_CURSOR, ...this.#workers.names()],
    });
    this.#notifier = new RefetchNotifier({
      store,
      clock: options.clock,
      log,
      spread: refetchSpread,
      send: (entries) => {
        for (const entry of entries) this.#outbox.push(entry);
        this.#workers.wake();
      },
      settled: ({ position, time }) => {
        this.#saver.note(REFETCH_CURSOR, position);
        this.#saver.note(BOUNDARY_CURSOR, `${time}`);
      },
    });
  }

  /** The state of each proxy. */
  status(): ProxyStatus[] {
    return this.#workers.status();
  }

  /**
   * Publishes until the signal aborts.
   *
   * @param onBegin called when the history is read
   * @throws when the store cannot be read, or a worker failed with an unexpected error
   */
  async run(signal: AbortSignal, onBegin: () => void): Promise<void> {
    const inheritance = await this.#inherit(signal);
    // An abort leaves the history unfinished, and then every proxy would look like a new one.
    if (signal.aborted) return;
    onBegin();
    const stopping = new AbortController();
    let background: Promise<unknown> = Promise.resolve();
    try {
      await this.#begin(inheritance);
      const working = AbortSignal.any([signal, stopping.signal]);
      background = Promise.all([
        this.#discover(working),
        this.#notifier.load(working),
        this.#staleCursors.run(working),
      ]);
      const leading = AbortSignal.any([signal, this.#failed.signal]);
      for await (const feed of this.#options.store.follow(this.#last, leading)) await this.#take(feed);
      this.#failed.signal.throwIfAborted();
    } finally {
      stopping.abort();
      this.#notifier.stop();
      await background;
      await this.#workers.stop();
      await this.#saver.close();
    }
  }

  async #inherit(signal: AbortSignal): Promise<Inheritance> {
    const { store, clock, limits = DEFAULT_OUTBOX_LIMITS } = this.#options;
    const head = await store.head();
    const cursors = await store.leadership.cursors();
    const notified = takeFrom(cursors, REFETCH_CURSOR);
    const [time] = takeFrom(cursors, BOUNDARY_CURSOR);
    const read = (from: Iterable<FeedPosition>) => readFeedHistory(store, from, head, limits, signal);
    const [unnotified, unsent] = await Promise.all([read(notified), read(cursors.values())]);
    // Without one there is nothing to make up for: holds heard of boundaries by their links.
    const since = time !== undefined && /^\d{1,16}$/.test(time) ? Number(time) : clock.now();
    return { cursors, since, unnotified, unsent, last: unsent.entries.at(-1)?.position ?? head };
  }

  async #begin({ cursors, since, unnotified, unsent, last }: Inheritance): Promise<void> {
    for (const entry of unsent.entries) this.#outbox.push(outboxEntryOf(entry, this.#options.clock.now()));
    // Entries that the outbox could not keep leave no trace in it.
    this.#oldest = this.#outbox.size === unsent.entries.length ? unsent.cursor : undefined;
    this.#cursors = cursors;
    this.#last = last;
    await this.#workers.reconcile();
    this.#notifier.begin({ since, unnotified, unsent, last });
    // They say where proxies were when the term began; a proxy that appears later is a new one.
    this.#cursors.clear();
    this.#outbox.close();
  }

  async #take(feed: FeedSignal): Promise<void> {
    if (feed.kind === 'entries') {
      for (const entry of feed.entries) this.#outbox.push(outboxEntryOf(entry, this.#options.clock.now()));
      this.#notifier.apply(feed.entries, this.#last);
      this.#last = feed.entries.at(-1)?.position ?? this.#last;
      this.#workers.wake();
    } else if (feed.kind === 'gap') {
      this.#last = feed.position;
      this.#notifier.reset(feed.position);
      const everything = await this.#everything();
      for (const cursor of this.#workers.cursors()) cursor.markAllMissed(everything, feed.position);
      this.#workers.wake();
    }
  }

  /** Keeps the workers in step with the proxies' addresses. */
  async #discover(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      await clock.sleep(DISCOVER_MS, signal);
      if (signal.aborted) return;
      await this.#workers.reconcile().catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, 'could not look for proxies; trying again');
      });
    }
  }

  #source(): WorkerSource {
    return {
      cursorFor: async (proxy) => {
        const known = this.#knownCursor(this.#cursors.get(proxy));
        return { cursor: known ?? (await this.#newProxyCursor()), resumed: known !== undefined };
      },
      remove: (cursor) => this.#outbox.remove(cursor),
      reached: (proxy, position) => this.#saver.note(proxy, position),
      failed: (error) => this.#failed.abort(error),
    };
  }

  #knownCursor(position: FeedPosition | undefined): OutboxCursor | undefined {
    if (position === undefined) return undefined;
    return position === this.#oldest
      ? this.#outbox.cursorAtStart(position)
      : this.#outbox.cursorAfter(position);
  }

  /** Returns a cursor for a proxy of which it is unknown what it lacks. */
  async #newProxyCursor(): Promise<OutboxCursor> {
    // The cursor first: a commit while the versions are read is then ahead of it, and missed with
    // the rest.
    const cursor = this.#outbox.cursorAtEnd(this.#last);
    try {
      cursor.markAllMissed(await this.#everything(), this.#last);
    } catch (error) {
      this.#outbox.remove(cursor);
      throw error;
    }
    return cursor;
  }

  /** Returns all environments and their clients: the targets of a proxy whose state is unknown. */
  async #everything(): Promise<PublishTarget[]> {
    const environments = await this.#options.store.environments();
    return environments.flatMap((each) => targetsOf(each, this.#notifier.positionOf(each)));
  }
}

/** Removes a key from a map, and returns the value that it had, if any. */
function takeFrom<K, V>(map: Map<K, V>, key: K): V[] {
  const value = map.get(key);
  map.delete(key);
  return value === undefined ? [] : [value];
}
