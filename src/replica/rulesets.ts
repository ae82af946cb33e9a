/**
 * The source of rulesets and API keys for routes that answer clients. The replica is one
 * implementation, which follows the store; a belt server is another, which reads copies.
 */
import type { Ruleset } from '../ruleset/ruleset.js';
import type { Key } from '../store/store.js';

/** Gives rulesets and keys by environment. */
export interface Rulesets {
  readonly keyring: Keys;
  /**
   * The environment's ruleset as we have it, loaded if this is its first use. `undefined`: there is
   * no such environment.
   *
   * @throws HoldfastError `store_unavailable` when it must be loaded and cannot be
   */
  ruleset(environment: bigint): Promise<Ruleset | undefined>;
  /** The same, after a look at whether there is a newer one. */
  confirmed(environment: bigint): Promise<Confirmed | undefined>;
  /** The freshness of the ruleset that `ruleset` gave; absent where it follows the store. */
  freshness?(environment: bigint): Freshness;
}

/** A ruleset, and whether the store was asked and has nothing newer. */
export interface Confirmed {
  readonly ruleset: Ruleset;
  /** False: the store could not be asked, so this is what we have and may lag. */
  readonly confirmed: boolean;
  /** Why the store could not be asked, or what it has not be taken over. */
  readonly reason?: string;
}

/** Gives keys by hash. */
export interface Keys<K extends KnownKey = KnownKey> {
  /** 0: there is no key at all. Absent: the number is not known. */
  readonly size?: number;
  /**
   * The key with this text, revoked or not; `undefined` when there is none.
   *
   * @throws HoldfastError `store_unavailable` when that cannot be said now: that is not a refusal
   */
  find(text: string): Promise<K | undefined>;
}

/** The properties of an API key that every source of keys has. */
export type KnownKey = Pick<Key, 'id' | 'environment' | 'kind' | 'expiresAt' | 'revokedAt'>;

/** The freshness of a copy. */
export interface Freshness {
  /** Whole seconds since it was last known to be the newest. */
  readonly age: number;
  /** True when no source could confirm it in time. */
  readonly stale: boolean;
}
