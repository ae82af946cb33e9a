/**
 * The publisher: while this node leads, every feed entry reaches every GRIP proxy, in order; what a proxy missed, it is told to recover.
 *
 *     feed ──▶ backlog ──┬──▶ worker ──▶ proxy
 *                        └──▶ worker ──▶ proxy
 *
 * Invariant across leaders: for each proxy, a cursor in the store names a feed position up to which it has everything. A new leader
 * reads the cursors, then the feed from the oldest of them, so that what the old leader had not finished is sent again as ordinary
 * items; where the feed or the backlog does not reach back that far (or there is no cursor), every environment gets a resync item. Clients are told bit
 * by bit that something has changed, so that has a cursor of its own; see refetch.ts.
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { ProxyAddress } from '../grip/proxies.js';
import type { FeedSignal, FeedPosition, Store } from '../store/store.js';
import {
  Outbox,
  DEFAULT_OUTBOX_LIMITS,
  type OutboxLimits,
  type OutboxCursor,
  type PublishTarget,
} from './outbox.js';
import { CursorSaver } from '../leader/cursors.js';
import { discoverEndpoints, type ResolveHost } from './discovery.js';
import { readHistory } from './history.js';
import { outboxEntryOf, targetsOf } from './outbox-entry.js';
import { ProxyClient, endpointName, type ProxyEndpoint } from './proxy-client.js';
import { RefetchNotifier } from './refetch-notifier.js';
import { ProxyWorker, type ProxyWorkerEvents, type ProxyStatus } from './proxy-worker.js';

export interface PublisherOptions {
  readonly store: Store;
  readonly proxies: readonly ProxyAddress[];
  /** Unique to this process. */
  readonly holder: string;
  readonly log: Logger;
  /** What a worker reports goes to metrics. */
  readonly observe: (proxy: string) => Omit<ProxyWorkerEvents, 'cursor'>;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds over which the clients of an environment are told of a change. */
  readonly refetchSpread: number;
  readonly limits?: OutboxLimits;
  readonly resolve?: ResolveHost;
}

export interface PublisherStatus {
  readonly leader: boolean;
  /** Empty on nodes that do not lead. */
  readonly proxies: readonly ProxyStatus[];
}

/** How often host names are resolved again, milliseconds. */
const DISCOVER_MS = 15_000;
/** How long a proxy may take to answer the request that is on its way when its worker is told to stop, milliseconds. */
const LAST_ANSWER_MS = 1_000;

/** Up to which feed position all clients are told of what they see. No proxy has this name: theirs are of URLs. */
const REFETCH_CURSOR = 'refetch';

interface Running {
  readonly worker: ProxyWorker;
  readonly place: OutboxCursor;
  readonly stop: () => Promise<void>;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #running = new Map<string, Running>();
  #leader = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  status(): PublisherStatus {
    return {
      leader: this.#leader,
      proxies: [...this.#running.values()].map(({ worker }) => worker.status()),
    };
  }

  /** Publishes until the signal aborts. To be called while this node has the lease; see lease.ts. */
  async lead(signal: AbortSignal): Promise<void> {
    const { store, holder, log, refetchSpread, limits = DEFAULT_OUTBOX_LIMITS } = this.#options;
    const backlog = new Outbox(limits);
    const head = await store.head();
    const cursors = await store.leadership.cursors();
    const read = (from: Iterable<FeedPosition>) => readHistory(store, from, head, limits, signal);
    const toldUpTo = taken(cursors, REFETCH_CURSOR);
    const [told, history] = await Promise.all([read(toldUpTo), read(cursors.values())]);
    // An abort leaves the history unfinished, and then every proxy would look like a stranger.
    if (signal.aborted) return;
    for (const entry of history.entries) backlog.push(outboxEntryOf(entry));
    // What the backlog could not keep of it is known to nobody.
    const oldest = backlog.size === history.entries.length ? history.cursor : undefined;
    const last = history.entries.at(-1)?.position ?? head;
    const saver = new CursorSaver(
      (proxy, position) => store.leadership.saveCursor(holder, proxy, position),
      log,
    );
    const failed = new AbortController();
    const telling = new RefetchNotifier(refetchSpread, {
      send: (entries) => {
        for (const entry of entries) backlog.push(entry);
        this.#wake();
      },
      settled: (position) => saver.note(REFETCH_CURSOR, position),
    });
    const line: Line = { backlog, saver, cursors, oldest, last, failed, telling };
    this.#leader = true;
    let discovering: Promise<void> = Promise.resolve();
    const stopping = new AbortController();
    const leading = AbortSignal.any([signal, failed.signal]);
    try {
      await this.#meet(line);
      telling.begin(told, history, last);
      // Cursors say where proxies were when we began; one that appears later is a stranger.
      cursors.clear();
      backlog.close();
      discovering = this.#discover(line, AbortSignal.any([signal, stopping.signal]));
      for await (const feed of store.follow(line.last, leading)) await this.#take(line, feed);
      failed.signal.throwIfAborted();
    } finally {
      stopping.abort();
      telling.stop();
      await discovering;
      this.#leader = false;
      await Promise.all([...this.#running.values()].map((running) => running.stop()));
      this.#running.clear();
      await saver.close();
    }
  }

  async #take(line: Line, feed: FeedSignal): Promise<void> {
    if (feed.kind === 'entries') {
      for (const entry of feed.entries) line.backlog.push(outboxEntryOf(entry));
      line.telling.take(feed.entries, line.last);
      line.last = feed.entries.at(-1)?.position ?? line.last;
      this.#wake();
    } else if (feed.kind === 'gap') {
      line.last = feed.position;
      line.telling.forget(feed.position);
      const everything = await this.#everything();
      for (const { place, worker } of this.#running.values()) {
        place.markAllMissed(everything, feed.position);
        worker.wake();
      }
    }
  }

  #wake(): void {
    for (const { worker } of this.#running.values()) worker.wake();
  }

  /** Keeps the workers in step with the proxies' addresses. */
  async #discover(line: Line, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.sleep(DISCOVER_MS, signal);
      if (signal.aborted) return;
      await this.#meet(line).catch((error: unknown) => {
        this.#options.log.warn({ error: messageOf(error) }, 'could not look for proxies; trying again');
      });
    }
  }

  /** Starts a worker for each proxy that appeared, stops those of proxies that are gone. */
  async #meet(line: Line): Promise<void> {
    const targets = new Map((await this.#targets()).map((target) => [endpointName(target), target]));
    for (const [name, running] of this.#running) {
      if (targets.has(name)) continue;
      this.#running.delete(name);
      this.#options.log.info({ proxy: name }, 'a proxy is gone');
      line.backlog.remove(running.place);
      await running.stop();
    }
    for (const [name, target] of targets) {
      if (this.#running.has(name)) continue;
      const known = placeOf(line, line.cursors.get(name));
      const place = known ?? (await this.#strangersPlace(line));
      this.#running.set(name, this.#start(name, target, place, line));
      this.#options.log.info({ proxy: name, resumed: known !== undefined }, 'publishing to a proxy');
    }
  }

  /** A place for a proxy of which nobody knows what it lacks. */
  async #strangersPlace(line: Line): Promise<OutboxCursor> {
    // The place first: what is committed while the versions are read is then ahead of it, and missed with the rest.
    const place = line.backlog.cursorAtEnd(line.last);
    try {
      place.markAllMissed(await this.#everything(), line.last);
    } catch (error) {
      line.backlog.remove(place);
      throw error;
    }
    return place;
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

  #start(name: string, target: ProxyEndpoint, place: OutboxCursor, { saver, failed }: Line): Running {
    const { log, observe, sleep } = this.#options;
    const client = new ProxyClient(target);
    const worker = new ProxyWorker({
      name,
      cursor: place,
      maxBody: target.address.maxBody,
      interval: target.address.interval,
      publish: (items) => client.publish(items),
      events: { ...observe(name), cursor: (position) => saver.note(name, position) },
      log,
      sleep,
      now: Date.now,
      random: Math.random,
    });
    const stopping = new AbortController();
    // A worker ends by a fault of ours only. Whoever leads next, this node or another, starts it anew.
    const done = worker.run(stopping.signal).catch((error: unknown) => failed.abort(error));
    const stop = async (): Promise<void> => {
      stopping.abort();
      // Whoever leads next must not wait for a proxy that does not answer. What it takes all the same, it drops as a repeat later.
      const timer = setTimeout(() => void client.close(), LAST_ANSWER_MS);
      await done;
      clearTimeout(timer);
      await client.close();
    };
    return { worker, place, stop };
  }

  /** All environments and their clients: what a proxy is told to recover when nobody knows what it lacks. */
  async #everything(): Promise<PublishTarget[]> {
    const environments = await this.#options.store.environments();
    return environments.flatMap(targetsOf);
  }
}

/** One stint as leader. */
interface Line {
  readonly backlog: Outbox;
  readonly saver: CursorSaver;
  /** Where the proxies were when it began. */
  readonly cursors: Map<string, FeedPosition>;
  /** The cursor that the backlog began at. */
  readonly oldest: FeedPosition | undefined;
  /** The feed position of the backlog's end. */
  last: FeedPosition;
  readonly telling: RefetchNotifier;
  /** Aborts with the reason for which this stint cannot go on. */
  readonly failed: AbortController;
}

function placeOf({ backlog, oldest }: Line, cursor: FeedPosition | undefined): OutboxCursor | undefined {
  if (cursor === undefined) return undefined;
  return cursor === oldest ? backlog.cursorAtStart(cursor) : backlog.cursorAfter(cursor);
}

/** One value of a map, if it is there, which it is not any more afterwards. */
function taken<K, V>(map: Map<K, V>, key: K): V[] {
  const value = map.get(key);
  map.delete(key);
  return value === undefined ? [] : [value];
}
