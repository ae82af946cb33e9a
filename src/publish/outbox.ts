/**
 * The outbox: the entries that the leader has yet to send, in one bounded ring for all proxies, and a cursor in it for each proxy. Pure.
 *
 * Invariant: for each proxy and each entry of the feed since the proxy's start, the entry was accepted by the proxy, or is in the ring at or after the proxy's cursor, or its environment (its shard, its key) is in the proxy's `missed` set.
 *
 * The ring is what bounds memory: a proxy that is unreachable does not hold back the ring, it loses its position. Its missed entries shrink to the set of environments, each of which gets one resync item when the proxy is back, and every hold fetches the rest by its link.
 *
 * An entry can leave the ring while a request with it is on its way. It is missed from then on, and cleared when the proxy accepts it after all: a resync item older than what the proxy has would set its position back.
 */
import { clientsChannel } from '../grip/channels.js';
import type { FeedPosition } from '../store/store.js';
import type { Item } from './items.js';

/** A feed entry as the proxies need it, or a notification of the clients of a shard, which follows from one later and has its position. */
export interface OutboxEntry {
  readonly position: FeedPosition;
  /** Milliseconds since 1970 at which it was committed. */
  readonly at: number;
  readonly target: PublishTarget;
  readonly items: readonly Item[];
  readonly bytes: number;
}

/** The receivers of an entry: the holds of an environment, those of a shard of clients, or those of a key. */
export type PublishTarget =
  | { readonly kind: 'environment'; readonly environment: bigint; readonly version: bigint }
  | ClientsTarget
  | { readonly kind: 'key'; readonly keyId: string }
  /** An entry that needs no item, such as a key that was created. */
  | { readonly kind: 'none' };

/** One shard of the event streams of an environment. */
export interface ClientsTarget {
  readonly kind: 'clients';
  readonly environment: bigint;
  readonly shard: number;
  /** A client version. */
  readonly version: bigint;
}

/** The bounds of the ring. */
export interface OutboxLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** 10,000 entries and 64 MiB. */
export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = { entries: 10_000, bytes: 64 * 1024 * 1024 };

/** A bounded ring of entries, shared by the cursors of all proxies. */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #cursors = new Set<OutboxCursor>();
  /** Entries by sequence number, from `#first` on. A map, because an array that drops its first entry at each push is copied each time. */
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
      for (const cursor of this.#cursors) cursor.evicted(oldest, this.#first);
      this.#dropFirst(oldest);
    }
    this.trim();
  }

  /**
   * Declares that no cursor behind the present ones will be asked for. From then on an entry leaves the ring as soon as every cursor is past it; otherwise a busy feed would fill the ring to its limits without a reader.
   */
  close(): void {
    this.#complete = true;
    this.trim();
  }

  /** Drops the entries that every cursor is past. Called when a cursor has moved. */
  trim(): void {
    if (!this.#complete) return;
    let needed = this.end;
    for (const cursor of this.#cursors) needed = Math.min(needed, cursor.next);
    for (let entry = this.entry(this.#first); entry && this.#first < needed; entry = this.entry(this.#first))
      this.#dropFirst(entry);
  }

  /** A cursor for a proxy that has everything up to and including `position`; `undefined` when the ring does not hold that entry. */
  cursorAfter(position: FeedPosition): OutboxCursor | undefined {
    for (const [sequence, entry] of this.#entries) {
      if (entry.position === position) return this.#cursor(sequence + 1, position);
    }
    return undefined;
  }

  /** A cursor before everything in the ring. `position` is that of the entry before it. */
  cursorAtStart(position: FeedPosition): OutboxCursor {
    return this.#cursor(this.#first, position);
  }

  /** A cursor after everything in the ring. `position` is that of the ring's last entry, or of the feed's, if the ring is empty. */
  cursorAtEnd(position: FeedPosition): OutboxCursor {
    return this.#cursor(this.end, position);
  }

  /** The sequence number that the next entry will have. */
  get end(): number {
    return this.#first + this.#entries.size;
  }

  remove(cursor: OutboxCursor): void {
    this.#cursors.delete(cursor);
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

  #cursor(next: number, position: FeedPosition): OutboxCursor {
    const cursor = new OutboxCursor(this, next, position);
    this.#cursors.add(cursor);
    return cursor;
  }
}

/** The position of one proxy in the outbox, and the targets that it missed. */
export class OutboxCursor {
  /** Environments of which this proxy missed entries, with the newest version that was missed. */
  readonly missedEnvironments = new Map<bigint, bigint>();
  /** Shards of clients of which this proxy missed entries, by their channels. */
  readonly missedClients = new Map<string, ClientsTarget>();
  readonly missedKeys = new Set<string>();
  readonly #outbox: Outbox;
  #next: number;
  /** Items of the entry at `#next` that were accepted. */
  #sent = 0;
  #position: FeedPosition;
  #epoch = 0;

  constructor(outbox: Outbox, next: number, position: FeedPosition) {
    this.#outbox = outbox;
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
    return this.#outbox.end - this.#next;
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

  /** Increases when everything was missed. The answer to an earlier request then clears and settles nothing. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The entries from here on, oldest first, and how many of an entry's items were accepted already. */
  *ahead(): Generator<{ entry: OutboxEntry; sent: number }> {
    for (let next = this.#next; ; next++) {
      const entry = this.#outbox.entry(next);
      if (entry === undefined) return;
      yield { entry, sent: next === this.#next ? this.#sent : 0 };
    }
  }

  /** The proxy accepted that many items of that entry, and all entries before it. */
  accept(entry: OutboxEntry, items: number): void {
    let position = this.#position;
    for (let next = this.#next; ; next++) {
      const passed = this.#outbox.entry(next);
      // It left the ring while the request was on its way.
      if (passed === undefined) return;
      if (passed === entry) {
        const complete = items >= entry.items.length;
        this.#position = complete ? entry.position : position;
        this.#next = complete ? next + 1 : next;
        this.#sent = complete ? 0 : items;
        this.#outbox.trim();
        return;
      }
      position = passed.position;
    }
  }

  /** Marks this entry's target as missed: it gets a resync item instead of the entry's items. */
  markMissed({ target: target }: OutboxEntry): void {
    this.#miss(target);
  }

  #miss(target: PublishTarget): void {
    if (target.kind === 'key') this.missedKeys.add(target.keyId);
    if (target.kind === 'environment') this.#missEnvironment(target.environment, target.version);
    if (target.kind === 'clients') this.#missClients(target);
  }

  #missClients(target: ClientsTarget): void {
    const channel = clientsChannel(target.environment, target.shard);
    if (target.version > (this.missedClients.get(channel)?.version ?? -1n))
      this.missedClients.set(channel, target);
  }

  #missEnvironment(environment: bigint, version: bigint): void {
    const known = this.missedEnvironments.get(environment) ?? 0n;
    if (version > known) this.missedEnvironments.set(environment, version);
  }

  /** Clears the target of an entry that the proxy accepted, which may have left the ring in the meantime. A newer version stays missed. */
  clearMissed({ target: target }: OutboxEntry): void {
    if (target.kind === 'key') this.missedKeys.delete(target.keyId);
    if (target.kind === 'environment' && this.missedEnvironments.get(target.environment) === target.version)
      this.missedEnvironments.delete(target.environment);
    if (target.kind === 'clients') {
      const channel = clientsChannel(target.environment, target.shard);
      if (this.missedClients.get(channel)?.version === target.version) this.missedClients.delete(channel);
    }
  }

  /** Gives up an entry, which is the next one or has left the ring: its target gets a resync item. */
  drop(entry: OutboxEntry): void {
    this.markMissed(entry);
    this.accept(entry, entry.items.length);
  }

  /**
   * Marks everything as missed, because it is not known what the proxy lacks: every environment, and the entries ahead.
   *
   * @param position the feed's, to which `everything` and the outbox reach
   */
  markAllMissed(everything: Iterable<PublishTarget>, position: FeedPosition): void {
    this.#epoch++;
    for (const { entry } of this.ahead()) this.drop(entry);
    for (const target of everything) this.#miss(target);
    this.#position = position;
  }

  /** Marks an entry that leaves the ring as missed if this proxy has not accepted it. */
  evicted(entry: OutboxEntry, sequence: number): void {
    if (sequence < this.#next) return;
    this.markMissed(entry);
    this.#position = entry.position;
    this.#next = sequence + 1;
    this.#sent = 0;
  }
}
