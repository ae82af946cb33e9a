/** The feed that a leader left to its successor: from the oldest cursor to the head. */
import { withTimeLimit } from '../core/time-limit.js';
import type { Change } from '../ruleset/ruleset.js';
import type { FeedEntry, FeedPosition, Store } from '../store/store.js';
import type { OutboxLimits } from './outbox/outbox.js';

/**
 * The time limit of a new leader's reading, milliseconds. Entries beyond it become resync items.
 */
const HISTORY_MS = 5_000;

/** Feed entries after a cursor. */
export interface History {
  /** The oldest cursor that can be used; `undefined` when none can. */
  readonly cursor: FeedPosition | undefined;
  /** The entries after it, up to the head at the least. */
  readonly entries: readonly FeedEntry[];
}

/**
 * Reads from each cursor. One cannot be used when the feed does not reach back to it, or when there
 * is more after it than the outbox may keep. All cursors are places in one log, so the one with the
 * longest way to the head is the oldest.
 */
export async function readFeedHistory(
  store: Store,
  cursors: Iterable<FeedPosition>,
  head: FeedPosition,
  limits: OutboxLimits,
  signal: AbortSignal,
): Promise<History> {
  let oldest: { cursor: FeedPosition; entries: FeedEntry[] } | undefined;
  for (const cursor of new Set(cursors)) {
    const entries = await between(store, cursor, head, limits, signal);
    if (entries !== undefined && entries.length >= (oldest?.entries.length ?? 0))
      oldest = { cursor, entries };
  }
  return oldest ?? { cursor: undefined, entries: [] };
}

async function between(
  store: Store,
  from: FeedPosition,
  head: FeedPosition,
  limits: OutboxLimits,
  signal: AbortSignal,
): Promise<FeedEntry[] | undefined> {
  if (from === head) return [];
  const entries: FeedEntry[] = [];
  let bytes = 0;
  const stop = withTimeLimit(signal, HISTORY_MS);
  for await (const feed of store.follow(from, stop)) {
    if (feed.kind === 'gap') return undefined;
    // Nothing new: that was all, also where the head is not an entry that followers are given.
    if (feed.kind === 'idle') return entries;
    for (const entry of feed.kind === 'entries' ? feed.entries : []) {
      entries.push(entry);
      bytes += entry.kind === 'change' ? sizeOf(entry.change) : 0;
      if (entry.position === head) return entries;
    }
    if (entries.length > limits.entries || bytes > limits.bytes) return undefined;
  }
  return undefined;
}

function sizeOf(change: Change): number {
  return change.configs.reduce((sum, config) => sum + config.bytes.length, 0);
}
