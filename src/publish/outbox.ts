/**
 * What the leader has yet to send, for all proxies at once: one bounded ring of feed entries, and for each proxy a place in it. Pure.
 *
 * Invariant: for each proxy and each entry of the feed since the proxy's start, the entry was accepted by the proxy, or is in the ring at or
 * after the proxy's place, or its environment (its shard, its key) is in the proxy's `missed` set.
 *
 * The ring is what bounds memory: a proxy that is away does not hold back the ring, it loses its place. What it then has missed shrinks to
 * the set of environments, each of which gets one resync item when the proxy is back, and every hold fetches the rest for itself.
 *
 * An entry can leave the ring while a request with it is on its way. It is missed from then on, and forgiven when the proxy accepts it
 * after all: a resync item older than what the proxy has would set its position back.
 */
import { clientsChannel } from '../grip/channels.js';
import type { FeedPosition } from '../store/store.js';
import type { Item } from './items.js';

/** A feed entry as the proxies need it, or what follows from one later and has its position: word to the clients of a shard. */
export interface OutboxEntry {
  readonly position: FeedPosition;
  /** Milliseconds since 1970 at which it was committed. */
  readonly at: number;
  readonly target: PublishTarget;
  readonly items: readonly Item[];
  readonly bytes: number;
}

export type PublishTarget =
  | { readonly kind: 'environment'; readonly environment: bigint; readonly version: bigint }
  | ClientsTarget
  | { readonly kind: 'key'; readonly keyId: string }
  /** An entry that needs no item, such as a key that was created. */
  | { readonly kind: 'none' };

export interface ClientsTarget {
  readonly kind: 'clients';
  readonly environment: bigint;
  readonly shard: number;
  /** A client version. */
  readonly version: bigint;
}

export interface OutboxLimits {
  readonly entries: number;
  readonly bytes: number;
}

export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = { entries: 10_000, bytes: 64 * 1024 * 1024 };

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #places = new Set<OutboxCursor>();
  /** By sequence number, from `#first` on. A map, because an array that gives up its first entry at each push is copied each time. */
  readonly #entries = new Map<number, OutboxEntry>();
  #first = 0;
  #bytes = 0;
  #complete = false;

  constructor(limits: OutboxLimits = DEFAULT_OUTBOX_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  push(entry: OutboxEntry): void {
    this.#entries.set(this.end, entry);
    this.#bytes += entry.bytes;
    // The newest entry stays, however large: it is sent, or found to be too large, by the ordinary way.
    while (this.size > 1 && (this.size > this.#limits.entries || this.#bytes > this.#limits.bytes)) {
      const oldest = this.entry(this.#first);
      if (oldest === undefined) break;
      for (const place of this.#places) place.evicted(oldest, this.#first);
      this.#dropFirst(oldest);
    }
    this.trim();
  }

  /**
   * No place will be asked for any more that is behind those there are. From then on an entry leaves the ring as soon as every place is past it:
   * a busy feed would fill the ring to its limits for nobody.
   */
  close(): void {
    this.#complete = true;
    this.trim();
  }

  /** Gives up what every place is past. To be called when a place has moved. */
  trim(): void {
    if (!this.#complete) return;
    let needed = this.end;
    for (const place of this.#places) needed = Math.min(needed, place.next);
    for (let entry = this.entry(this.#first); entry && this.#first < needed; entry = this.entry(this.#first))
      this.#dropFirst(entry);
  }

  /** A place for a proxy that has everything up to and including `position`; `undefined` when the ring does not hold that entry. */
  cursorAfter(position: FeedPosition): OutboxCursor | undefined {
    for (const [sequence, entry] of this.#entries) {
      if (entry.position === position) return this.#place(sequence + 1, position);
    }
    return undefined;
  }

  /** A place before everything in the ring. `position` is that of the entry before it. */
  cursorAtStart(position: FeedPosition): OutboxCursor {
    return this.#place(this.#first, position);
  }

  /** A place after everything in the ring. `position` is that of the ring's last entry, or of the feed's, if the ring is empty. */
  cursorAtEnd(position: FeedPosition): OutboxCursor {
    return this.#place(this.end, position);
  }

  /** The sequence number that the next entry will have. */
  get end(): number {
    return this.#first + this.#entries.size;
  }

  remove(place: OutboxCursor): void {
    this.#places.delete(place);
    this.trim();
  }

  /** The entry with that sequence number, if it is in the ring. */
  entry(sequence: number): OutboxEntry | undefined {
    return this.#entries.get(sequence);
  }

  #dropFirst(oldest: OutboxEntry): void {
    this.#bytes -= oldest.bytes;
    this.#entries.delete(this.#first++);
  }

  #place(next: number, position: FeedPosition): OutboxCursor {
    const place = new OutboxCursor(this, next, position);
    this.#places.add(place);
    return place;
  }
}

/** Where one proxy is in the backlog. */
export class OutboxCursor {
  /** Environments of which this proxy missed entries, with the newest version that was missed. */
  readonly missedEnvironments = new Map<bigint, bigint>();
  /** The same of shards of clients, by their channels. */
  readonly missedClients = new Map<string, ClientsTarget>();
  readonly missedKeys = new Set<string>();
  readonly #backlog: Outbox;
  #next: number;
  /** Items of the entry at `#next` that were accepted. */
  #sent = 0;
  #position: FeedPosition;
  #epoch = 0;

  constructor(backlog: Outbox, next: number, position: FeedPosition) {
    this.#backlog = backlog;
    this.#next = next;
    this.#position = position;
  }

  /** The newest entry that this proxy has, or has missed. */
  get position(): FeedPosition {
    return this.#position;
  }

  /** The sequence number of the first entry that was not accepted yet. */
  get next(): number {
    return this.#next;
  }

  /** The number of entries that were not accepted yet. */
  get waiting(): number {
    return this.#backlog.end - this.#next;
  }

  /** Nothing is missed: the proxy has everything up to `position`. */
  get complete(): boolean {
    return this.missedEnvironments.size + this.missedClients.size + this.missedKeys.size === 0;
  }

  /** The number of environments of which something is missed. */
  get missed(): number {
    const clients = [...this.missedClients.values()].map(({ environment }) => environment);
    return new Set([...this.missedEnvironments.keys(), ...clients]).size;
  }

  /** Moves on when everything was missed. What is forgiven or settled by an answer to an earlier request does not count after that. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The entries from here on, oldest first, and how many of an entry's items were accepted already. */
  *ahead(): Generator<{ entry: OutboxEntry; sent: number }> {
    for (let next = this.#next; ; next++) {
      const entry = this.#backlog.entry(next);
      if (entry === undefined) return;
      yield { entry, sent: next === this.#next ? this.#sent : 0 };
    }
  }

  /** The proxy accepted that many items of that entry, and all entries before it. */
  accept(entry: OutboxEntry, items: number): void {
    let position = this.#position;
    for (let next = this.#next; ; next++) {
      const passed = this.#backlog.entry(next);
      // It left the ring while the request was on its way.
      if (passed === undefined) return;
      if (passed === entry) {
        const complete = items >= entry.items.length;
        this.#position = complete ? entry.position : position;
        this.#next = complete ? next + 1 : next;
        this.#sent = complete ? 0 : items;
        this.#backlog.trim();
        return;
      }
      position = passed.position;
    }
  }

  /** Instead of its items, this entry's subject gets a resync. */
  markMissed({ target: subject }: OutboxEntry): void {
    this.#miss(subject);
  }

  #miss(subject: PublishTarget): void {
    if (subject.kind === 'key') this.missedKeys.add(subject.keyId);
    if (subject.kind === 'environment') this.#missEnvironment(subject.environment, subject.version);
    if (subject.kind === 'clients') this.#missClients(subject);
  }

  #missClients(subject: ClientsTarget): void {
    const channel = clientsChannel(subject.environment, subject.shard);
    if (subject.version > (this.missedClients.get(channel)?.version ?? -1n))
      this.missedClients.set(channel, subject);
  }

  #missEnvironment(environment: bigint, version: bigint): void {
    const known = this.missedEnvironments.get(environment) ?? 0n;
    if (version > known) this.missedEnvironments.set(environment, version);
  }

  /** The proxy accepted this entry, which may have left the ring meanwhile. What is newer stays missed. */
  clearMissed({ target: subject }: OutboxEntry): void {
    if (subject.kind === 'key') this.missedKeys.delete(subject.keyId);
    if (
      subject.kind === 'environment' &&
      this.missedEnvironments.get(subject.environment) === subject.version
    )
      this.missedEnvironments.delete(subject.environment);
    if (subject.kind === 'clients') {
      const channel = clientsChannel(subject.environment, subject.shard);
      if (this.missedClients.get(channel)?.version === subject.version) this.missedClients.delete(channel);
    }
  }

  /** The proxy gets no more of this entry, but a resync; it is the next one, or has left the ring. */
  drop(entry: OutboxEntry): void {
    this.markMissed(entry);
    this.accept(entry, entry.items.length);
  }

  /**
   * Nobody knows what the proxy lacks: every environment, and what lies ahead, is missed.
   *
   * @param position the feed's, to which `everything` and the backlog reach
   */
  markAllMissed(everything: Iterable<PublishTarget>, position: FeedPosition): void {
    this.#epoch++;
    for (const { entry } of this.ahead()) this.drop(entry);
    for (const subject of everything) this.#miss(subject);
    this.#position = position;
  }

  /** Called when an entry leaves the ring. */
  evicted(entry: OutboxEntry, sequence: number): void {
    if (sequence < this.#next) return;
    this.markMissed(entry);
    this.#position = entry.position;
    this.#next = sequence + 1;
    this.#sent = 0;
  }
}
