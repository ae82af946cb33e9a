/** Random choice among weighted values that have nothing to hash. */
import { PrefixHash } from './hash.js';

/**
 * A random number that is the same each time for the same contexts and key, so that equal requests
 * get equal answers (caches, ETags).
 *
 * @param canonicalContexts see `canonical` in contexts.ts
 * @returns for a config's key a number from 0 (inclusive) to 1 (exclusive)
 */
export function deterministicRandom(canonicalContexts: string): (key: string) => number {
  const hash = new PrefixHash(canonicalContexts);
  return (key) => hash.of(key) / 2 ** 32;
}
