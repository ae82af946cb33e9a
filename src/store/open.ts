/** Opens a store by its location. */
import type { Logger } from 'pino';
import { HISTORY_CHANGES_MAX, historyLimits, type HistoryLimits } from './history.js';
import { parseStoreLocation } from './location.js';
import type { Store } from './store.js';

export { parseStoreLocation, storeName } from './location.js';

/** Options of {@link openStore}. */
export interface StoreOptions {
  readonly log: Logger;
  /**
   * The bounds of the history. Default: the largest, so that a process that does not know the
   * setting of the nodes removes nothing.
   */
  readonly history?: HistoryLimits;
}

/**
 * Opens a store and waits until it answers, for Redis at most 10 seconds.
 *
 * @throws HoldfastError `field_invalid` for a location of no known form, `store_unavailable` when
 * the store cannot be reached or is in use by another process, `store_damaged` when its data is not
 * what was written.
 */
export async function openStore(
  location: string,
  { log, history = historyLimits(HISTORY_CHANGES_MAX) }: StoreOptions,
): Promise<Store> {
  const options = { log, history };
  const parsed = parseStoreLocation(location);
  // Each is loaded when it is needed: the client of Redis is a tenth of a start.
  if (parsed.kind === 'file') {
    const { openFileStore } = await import('./file/store.js');
    return openFileStore(parsed.directory, options);
  }
  const { openRedisStore } = await import('./redis/store.js');
  return openRedisStore(parsed, options);
}
