/**
 * The outbox: everything that the leader has yet to send, for all proxies together. One bounded
 * ring of entries, and for each proxy a cursor into it. Pure.
 *
 * Invariant: for each proxy and each entry of the feed since the proxy's start, the entry was
 * accepted by the proxy, or is in the ring at or after the proxy's cursor, or its target is among
 * the cursor's missed targets.
 *
 * The ring bounds memory: a proxy that is down does not hold back the ring, its cursor is moved on.
 * What it has missed then shrinks to a set of targets, each of which gets one resync item when the
 * proxy is back, and every hold fetches the rest for itself.
 *
 * An entry can leave the ring while a request with it is under way. It counts as missed from then
 * on, and is cleared if the proxy accepts it after all: a resync item older than what the proxy has
 * would set its position back.
 */
import type { FeedPosition } from '../../store/store.js';
import type { OutboxEntry, PublishTarget } from './entry.js';
import { MissedTargets } from './missed.js';

/** The size of the ring at most. */
export interface OutboxLimits {
  readonly entries: number;
  /** The size of all items. */
  readonly bytes: number;
}

/** The limits of a leader's outbox. */
export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = { entries: 10_000, bytes: 64 * 1024 * 1024 };

/** The ring of entries, and the cursors of all proxies. */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #cursors = new Set<OutboxCursor>();
  /**
   * The entries by sequence number, from `#first` on. A map, because an array that loses its first
   * entry at each push is copied each time.
   */
  readonly #entries = new Map<number, OutboxEntry>();
  #first = 0;
  #bytes = 0;
  #closed = false;

  constructor(limits: OutboxLimits = DEFAULT_OUTBOX_LIMITS) {
    this.#limits = limits;
  }

  /** The number of entries in the ring. */
  get size(): number {
    return this.#entries.size;
  }

  /** Appends an entry. The oldest leave the ring when it is over its limits. */
  push(entry: OutboxEntry): void {
    this.#entries.set(this.end, entry);
    this.#bytes += entry.bytes;
    // The newest entry stays, however large: it is sent, or found to be too large, in the usual
    // way.
    while (this.size > 1 && (this.size > this.#limits.entries || this.#bytes > this.#limits.bytes)) {
      const oldest = this.entry(this.#first);
      if (oldest === undefined) break;
      for (const cursor of this.#cursors) cursor.evicted(oldest, this.#first);
      this.#dropFirst(oldest);
    }
    this.trim();
  }

  /**
   * Declares that no cursor will be asked for that is behind the present ones. From then on an
   * entry leaves the ring as soon as every cursor is past it: otherwise a busy feed would keep the
   * ring at its limits without need.
   */
  close(): void {
    this.#closed = true;
    this.trim();
  }

  /** Removes the entries that every cursor is past. To be called when a cursor has moved. */
  trim(): void {
    if (!this.#closed) return;
    let needed = this.end;
    for (const cursor of this.#cursors) needed = Math.min(needed, cursor.next);
    for (let entry = this.entry(this.#first); entry && this.#first < needed; entry = this.entry(this.#first))
      this.#dropFirst(entry);
  }

  /**
   * Returns a cursor for a proxy that has everything up to and including `position`; `undefined`
   * when the ring does not have that entry.
   */
  cursorAfter(position: FeedPosition): OutboxCursor | undefined {
    for (const [sequence, entry] of this.#entries) {
      if (entry.position === position) return this.#cursor(sequence + 1, position);
    }
    return undefined;
  }

  /** Returns a cursor before everything in the ring. @param position that of the entry before it */
  cursorAtStart(position: FeedPosition): OutboxCursor {
    return this.#cursor(this.#first, position);
  }

  /**
   * Returns a cursor after everything in the ring.
   *
   * @param position that of the ring's last entry, or of the feed's, if the ring is empty
   */
  cursorAtEnd(position: FeedPosition): OutboxCursor {
    return this.#cursor(this.end, position);
  }

  /** The sequence number of the next entry. */
  get end(): number {
    return this.#first + this.#entries.size;
  }

  /** Forgets the cursor of a proxy that is gone. */
  remove(cursor: OutboxCursor): void {
    this.#cursors.delete(cursor);
    this.trim();
  }

  /** Returns the entry with that sequence number, if it is in the ring. */
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

/** The place of one proxy in the outbox, and what it has missed. */
export class OutboxCursor {
  readonly missed = new MissedTargets();
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

  /** True when nothing is missed: the proxy has everything up to `position`. */
  get complete(): boolean {
    return this.missed.size === 0;
  }

  /**
   * Moves on when everything was missed. An answer to an earlier request clears and settles nothing
   * after that.
   */
  get epoch(): number {
    return this.#epoch;
  }

  /** Yields the entries that follow, oldest first, and how many items of each were accepted. */
  *ahead(): Generator<{ entry: OutboxEntry; sent: number }> {
    for (let next = this.#next; ; next++) {
      const entry = this.#outbox.entry(next);
      if (entry === undefined) return;
      yield { entry, sent: next === this.#next ? this.#sent : 0 };
    }
  }

  /** Moves on: the proxy accepted that many items of that entry, and all entries before it. */
  accept(entry: OutboxEntry, items: number): void {
    let position = this.#position;
    for (let next = this.#next; ; next++) {
      const passed = this.#outbox.entry(next);
      // It left the ring while the request was under way.
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

  /**
   * Drops an entry, which is the next one or has left the ring: its target gets a resync instead.
   */
  drop(entry: OutboxEntry): void {
    this.missed.mark(entry.target);
    this.accept(entry, entry.items.length);
  }

  /**
   * Marks every target, and what lies ahead, as missed: for a proxy whose state is unknown.
   *
   * @param everything all targets that exist
   * @param position of the feed, to which `everything` and the outbox reach
   */
  markAllMissed(everything: Iterable<PublishTarget>, position: FeedPosition): void {
    this.#epoch++;
    for (const { entry } of this.ahead()) this.drop(entry);
    for (const target of everything) this.missed.mark(target);
    this.#position = position;
  }

  /** Called when an entry leaves the ring. */
  evicted(entry: OutboxEntry, sequence: number): void {
    if (sequence < this.#next) return;
    this.missed.mark(entry.target);
    this.#position = entry.position;
    this.#next = sequence + 1;
    this.#sent = 0;
  }
}
