/** Opens a store by its location. */
import type { Logger } from 'pino';
import { openFileStore } from './file/store.js';
import { parseStoreLocation } from './location.js';
import { openRedisStore } from './redis/store.js';
import type { Store } from './store.js';

export { parseStoreLocation, storeName } from './location.js';

/**
 * Opens a store and waits until it answers, for Redis at most 10 seconds.
 *
 * @throws HoldfastError `field_invalid` for a location of no known form, `store_unavailable` when
 * the store cannot be reached or is in use by another process, `store_damaged` when its data is not
 * what was written.
 */
export async function openStore(location: string, options: { log: Logger }): Promise<Store> {
  const parsed = parseStoreLocation(location);
  return parsed.kind === 'file' ? openFileStore(parsed.directory, options) : openRedisStore(parsed, options);
}
