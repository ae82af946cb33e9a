/** The next publish request of a proxy: as many items as fit into it, in order. Pure. */
import type { OutboxEntry } from './entry.js';
import type { Item } from './items.js';
import { repairItem, type MissedTarget } from './missed.js';
import type { OutboxCursor } from './outbox.js';

/**
 * Items of a request at most. Pushpin 1.36 takes items as fast in requests of 100 as of 1,000
 * (45,000 a second were measured), but it closes the connection after each request: with 400 the
 * leader spends a fifth less on a change than with 100.
 */
export const BATCH_MAX_ITEMS = 400;

/** `{"items":[` and `]}`. */
const BODY_FRAME_BYTES = 12;
/** Between two items. */
const COMMA_BYTES = 1;

/** The content of one publish request, and what follows from its answer. */
export interface Batch {
  /** Empty when the next entries need no item; then there is nothing to send, only to settle. */
  readonly items: readonly Item[];
  /** To be called when the proxy accepts the batch. */
  readonly settle: () => void;
  /**
   * For a batch of one item that the proxy will never take: its target gets a resync item instead.
   */
  readonly drop: () => void;
  /**
   * `missed`: resync items for targets that this proxy missed. `entries`: the outbox's entries, in
   * order.
   */
  readonly kind: 'missed' | 'entries';
  /** The entries with items that are complete with it, for measuring lag. */
  readonly entries: readonly OutboxEntry[];
}

/**
 * Builds the next batch for a proxy; `undefined` when it has everything.
 *
 * Missed targets go first: their resync items set the position that the following items continue
 * from. An entry with an item that alone exceeds `maxBody` counts as missed, so its environment
 * gets a resync item instead.
 */
export function nextBatch(
  cursor: OutboxCursor,
  maxBody: number,
  maxItems: number = BATCH_MAX_ITEMS,
): Batch | undefined {
  for (const { entry } of cursor.ahead()) {
    if (!isTooLarge(entry, maxBody)) break;
    cursor.drop(entry);
  }
  return missedBatch(cursor, maxBody, maxItems) ?? entriesBatch(cursor, maxBody, maxItems);
}

function missedBatch(cursor: OutboxCursor, maxBody: number, maxItems: number): Batch | undefined {
  if (cursor.complete) return undefined;
  const { epoch, missed } = cursor;
  const request = new RequestBuilder(maxBody, maxItems);
  const repaired: MissedTarget[] = [];
  for (const target of missed) {
    if (!request.add(repairItem(target))) break;
    repaired.push(target);
  }
  const settle = (): void => {
    if (cursor.epoch !== epoch) return;
    // A newer version that was missed in the meantime still needs an item of its own.
    for (const target of repaired) missed.clear(target);
  };
  // A proxy that refuses even a resync item leaves only the link's timeout to repair these holds.
  return { kind: 'missed', items: request.items, entries: [], settle, drop: settle };
}

function entriesBatch(cursor: OutboxCursor, maxBody: number, maxItems: number): Batch | undefined {
  const { epoch } = cursor;
  const request = new RequestBuilder(maxBody, maxItems);
  const complete: OutboxEntry[] = [];
  let first: OutboxEntry | undefined;
  let last: { entry: OutboxEntry; items: number } | undefined;
  for (const { entry, sent } of cursor.ahead()) {
    if (isTooLarge(entry, maxBody)) break;
    let items = sent;
    for (const item of entry.items.slice(sent)) {
      if (!request.add(item)) break;
      first ??= entry;
      items++;
    }
    if (items > sent || entry.items.length === 0) last = { entry, items };
    if (items < entry.items.length) break;
    if (entry.items.length > 0) complete.push(entry);
  }
  if (last === undefined) return undefined;
  const { entry, items } = last;
  const settle = (): void => {
    cursor.accept(entry, items);
    if (cursor.epoch === epoch) for (const { target } of complete) cursor.missed.clear(target);
  };
  const drop = (): void => {
    if (first !== undefined) cursor.drop(first);
  };
  return { kind: 'entries', items: request.items, entries: complete, settle, drop };
}

function isTooLarge(entry: OutboxEntry, maxBody: number): boolean {
  return entry.items.some((item) => item.bytes + BODY_FRAME_BYTES > maxBody);
}

/**
 * The items of one request, measured as JSON. The first always finds room, so that nothing waits
 * for ever.
 */
class RequestBuilder {
  readonly items: Item[] = [];
  #bytes = BODY_FRAME_BYTES;
  readonly #maxBody: number;
  readonly #maxItems: number;

  constructor(maxBody: number, maxItems: number) {
    this.#maxBody = maxBody;
    this.#maxItems = maxItems;
  }

  add(item: Item): boolean {
    const bytes = item.bytes + (this.items.length === 0 ? 0 : COMMA_BYTES);
    const full = this.items.length >= this.#maxItems || this.#bytes + bytes > this.#maxBody;
    if (full && this.items.length > 0) return false;
    this.items.push(item);
    this.#bytes += bytes;
    return true;
  }
}
