/**
 * One term of leadership: the outbox, one worker per proxy, the cursors and the refetch notifier live and die with it.
 *
 *     store ──cursors──▶ history ──▶ outbox ──┬──▶ worker ──▶ proxy ──accepted──▶ cursor in the store
 *             feed ────────────────────▲      └──▶ worker ──▶ proxy
 *
 * Invariant: when the term ends, at any point, each cursor in the store names a feed position up to which its proxy has everything.
 */
import { messageOf } from '../core/errors.js';
import type { ProxyAddress } from '../grip/proxies.js';
import { CursorSaver } from '../leader/cursors.js';
import type { FeedPosition, FeedSignal } from '../store/store.js';
import { discoverEndpoints } from './discovery.js';
import { readHistory, type History } from './history.js';
import { outboxEntryOf, targetsOf } from './outbox-entry.js';
import { DEFAULT_OUTBOX_LIMITS, Outbox, type OutboxCursor, type PublishTarget } from './outbox.js';
import { ProxyClient, endpointName, type ProxyEndpoint } from './proxy-client.js';
import { ProxyWorker, type ProxyStatus } from './proxy-worker.js';
import type { PublisherOptions } from './publisher.js';
import { RefetchNotifier } from './refetch-notifier.js';

/** The interval at which host names are resolved again, milliseconds. */
const DISCOVER_MS = 15_000;
/** The time that a proxy has to answer the request under way when its worker is told to stop, milliseconds. */
const LAST_ANSWER_MS = 1_000;

/** The cursor of refetch notifications. No proxy has this name: theirs are of URLs. */
const REFETCH_CURSOR = 'refetch';

/** A worker that runs. */
interface Running {
  readonly worker: ProxyWorker;
  readonly cursor: OutboxCursor;
  readonly stop: () => Promise<void>;
}

/** The state that a previous leader left in the store. */
interface Inheritance {
  /** The cursor of each proxy. */
  readonly cursors: Map<string, FeedPosition>;
  /** The feed from the oldest of them. */
  readonly history: History;
  /** The feed from the refetch cursor. */
  readonly notified: History;
  /** The feed position of the newest entry of `history`, or of the feed. */
  readonly last: FeedPosition;
}

/** Publishes the feed to every proxy for as long as this process leads. */
export class LeaderTerm {
  readonly #options: PublisherOptions;
  readonly #inheritance: Inheritance;
  readonly #outbox: Outbox;
  readonly #saver: CursorSaver;
  readonly #notifier: RefetchNotifier;
  /** The cursor that the outbox begins at; `undefined` when the outbox could not keep the whole history. */
  readonly #oldest: FeedPosition | undefined;
  /** The feed position of the outbox's end. */
  #last: FeedPosition;
  readonly #running = new Map<string, Running>();
  /** Aborts with the reason for which this term cannot go on. */
  readonly #failed = new AbortController();
  #leading = true;

  private constructor(options: PublisherOptions, inheritance: Inheritance) {
    const { store, holder, log, refetchSpread, limits = DEFAULT_OUTBOX_LIMITS } = options;
    const { history, last } = inheritance;
    this.#options = options;
    this.#inheritance = inheritance;
    this.#last = last;
    this.#outbox = new Outbox(limits);
    for (const entry of history.entries) this.#outbox.push(outboxEntryOf(entry));
    this.#oldest = this.#outbox.size === history.entries.length ? history.cursor : undefined;
    this.#saver = new CursorSaver(
      (proxy, position) => store.leadership.saveCursor(holder, proxy, position),
      log,
    );
    this.#notifier = new RefetchNotifier(refetchSpread, {
      send: (entries) => {
        for (const entry of entries) this.#outbox.push(entry);
        this.#wake();
      },
      settled: (position) => this.#saver.note(REFETCH_CURSOR, position),
    });
  }

  /** Reads the previous leader's state and begins a term; `undefined` when the signal aborted in the meantime. */
  static async begin(options: PublisherOptions, signal: AbortSignal): Promise<LeaderTerm | undefined> {
    const { store, limits = DEFAULT_OUTBOX_LIMITS } = options;
    const head = await store.head();
    const cursors = await store.leadership.cursors();
    const read = (from: Iterable<FeedPosition>) => readHistory(store, from, head, limits, signal);
    const [notified, history] = await Promise.all([
      read(takeFrom(cursors, REFETCH_CURSOR)),
      read(cursors.values()),
    ]);
    // An abort leaves the history unfinished, and then every proxy would look like a new one.
    if (signal.aborted) return undefined;
    const last = history.entries.at(-1)?.position ?? head;
    return new LeaderTerm(options, { cursors, history, notified, last });
  }

  /** True until the term begins to end. */
  get leading(): boolean {
    return this.#leading;
  }

  /** The state of each proxy. */
  status(): ProxyStatus[] {
    return [...this.#running.values()].map(({ worker }) => worker.status());
  }

  /**
   * Publishes until the signal aborts, then stops every worker and saves the cursors.
   *
   * @throws an unexpected error of a worker; the lease is then given up, and the next term starts the workers again
   */
  async run(signal: AbortSignal): Promise<void> {
    const { notified, history, cursors } = this.#inheritance;
    const stopping = new AbortController();
    let discovering: Promise<void> = Promise.resolve();
    try {
      await this.#reconcile();
      this.#notifier.begin(notified, history, this.#last);
      // Cursors say where proxies were when the term began; a proxy that appears later is a new one.
      cursors.clear();
      this.#outbox.close();
      discovering = this.#discoverEndpoints(AbortSignal.any([signal, stopping.signal]));
      const leading = AbortSignal.any([signal, this.#failed.signal]);
      for await (const feed of this.#options.store.follow(this.#last, leading)) await this.#apply(feed);
      this.#failed.signal.throwIfAborted();
    } finally {
      stopping.abort();
      this.#notifier.stop();
      await discovering;
      this.#leading = false;
      await Promise.all([...this.#running.values()].map((running) => running.stop()));
      this.#running.clear();
      await this.#saver.close();
    }
  }

  async #apply(feed: FeedSignal): Promise<void> {
    if (feed.kind === 'entries') {
      for (const entry of feed.entries) this.#outbox.push(outboxEntryOf(entry));
      this.#notifier.apply(feed.entries, this.#last);
      this.#last = feed.entries.at(-1)?.position ?? this.#last;
      this.#wake();
    } else if (feed.kind === 'gap') {
      this.#last = feed.position;
      this.#notifier.reset(feed.position);
      const everything = await this.#everything();
      for (const { cursor, worker } of this.#running.values()) {
        cursor.markAllMissed(everything, feed.position);
        worker.wake();
      }
    }
  }

  #wake(): void {
    for (const { worker } of this.#running.values()) worker.wake();
  }

  /** Keeps the workers in step with the proxies' addresses. */
  async #discoverEndpoints(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.sleep(DISCOVER_MS, signal);
      if (signal.aborted) return;
      await this.#reconcile().catch((error: unknown) => {
        this.#options.log.warn({ error: messageOf(error) }, 'could not look for proxies; trying again');
      });
    }
  }

  /** Starts a worker for each proxy that appeared, and stops the workers of proxies that are gone. */
  async #reconcile(): Promise<void> {
    const { log } = this.#options;
    const targets = new Map((await this.#targets()).map((target) => [endpointName(target), target]));
    for (const [name, running] of this.#running) {
      if (targets.has(name)) continue;
      this.#running.delete(name);
      log.info({ proxy: name }, 'a proxy is gone');
      this.#outbox.remove(running.cursor);
      await running.stop();
    }
    for (const [name, target] of targets) {
      if (this.#running.has(name)) continue;
      const known = this.#inheritedCursor(name);
      const cursor = known ?? (await this.#newCursor());
      this.#running.set(name, this.#start(name, target, cursor));
      log.info({ proxy: name, resumed: known !== undefined }, 'publishing to a proxy');
    }
  }

  #inheritedCursor(name: string): OutboxCursor | undefined {
    const position = this.#inheritance.cursors.get(name);
    if (position === undefined) return undefined;
    return position === this.#oldest
      ? this.#outbox.cursorAtStart(position)
      : this.#outbox.cursorAfter(position);
  }

  /** A cursor for a new proxy, of which it is not known what it lacks. */
  async #newCursor(): Promise<OutboxCursor> {
    // The cursor first: a commit made while the versions are read is then ahead of it, and missed with the rest.
    const cursor = this.#outbox.cursorAtEnd(this.#last);
    try {
      cursor.markAllMissed(await this.#everything(), this.#last);
    } catch (error) {
      this.#outbox.remove(cursor);
      throw error;
    }
    return cursor;
  }

  async #targets(): Promise<ProxyEndpoint[]> {
    const found = await Promise.all(
      this.#options.proxies.map(async (address) => {
        try {
          return await discoverEndpoints(address, this.#options.resolve);
        } catch (error) {
          this.#options.log.warn(
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

  #start(name: string, target: ProxyEndpoint, cursor: OutboxCursor): Running {
    const { log, observe, sleep } = this.#options;
    const client = new ProxyClient(target);
    const worker = new ProxyWorker({
      name,
      cursor,
      maxBody: target.address.maxBody,
      interval: target.address.interval,
      publish: (items) => client.publish(items),
      events: { ...observe(name), cursor: (position) => this.#saver.note(name, position) },
      log,
      sleep,
      now: Date.now,
      random: Math.random,
    });
    const stopping = new AbortController();
    // Only an unexpected error ends a worker. The next leader, this node or another, starts it again.
    const done = worker.run(stopping.signal).catch((error: unknown) => this.#failed.abort(error));
    const stop = async (): Promise<void> => {
      stopping.abort();
      // The next leader must not wait for a proxy that does not answer. Items that it takes all the same are dropped as repeats later.
      const timer = setTimeout(() => void client.close(), LAST_ANSWER_MS);
      await done;
      clearTimeout(timer);
      await client.close();
    };
    return { worker, cursor, stop };
  }

  /** All environments and their clients: the targets that a proxy recovers when it is not known what it lacks. */
  async #everything(): Promise<PublishTarget[]> {
    const environments = await this.#options.store.environments();
    return environments.flatMap(targetsOf);
  }
}

/** Removes a key from a map; returns its value, if it had one. */
function takeFrom<K, V>(map: Map<K, V>, key: K): V[] {
  const value = map.get(key);
  map.delete(key);
  return value === undefined ? [] : [value];
}
