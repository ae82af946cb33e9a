/**
 * The part of the store's port that keeps when API keys were last used. Nodes note uses in memory
 * and write them together once a minute, so nothing that a client does waits for it.
 */

/**
 * The shortest time between two notes of one key, milliseconds: one write a minute, not per request.
 * A little less than a minute, in which nodes note, so that each minute counts.
 */
export const KEY_USE_STEP_MS = 50_000;

/**
 * KeyUse keeps the last use of each key, by id. Nothing depends on it, so a write is not confirmed by
 * replicas, and may be lost.
 */
export interface KeyUse {
  /**
   * Notes uses, milliseconds since 1970. One that is earlier than what is kept, or later by less
   * than `KEY_USE_STEP_MS`, changes nothing: other nodes noted the same.
   */
  note(uses: ReadonlyMap<string, number>): Promise<void>;
  /** Returns the last uses of keys; one that was never used is left out. */
  lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
