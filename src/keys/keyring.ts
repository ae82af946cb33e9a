/**
 * API keys in memory: all of them, so that clients are recognised while the store is unavailable.
 */
import { hash } from 'node:crypto';
import { HoldfastError } from '../core/errors.js';
import type { Key, Store } from '../store/store.js';

/** All API keys, by hash. */
export class Keyring {
  readonly #store: Store;
  readonly #byHash = new Map<string, Key>();
  readonly #byId = new Map<string, Key>();
  readonly #byEnvironment = new Map<bigint, Map<string, Key>>();
  readonly #listeners = new Set<(key: Key) => void>();
  readonly #now: () => number;
  /** Keys that expire, or did, as the store has them: they are not revoked there as far as is known. */
  readonly #expiring = new Map<string, Key>();
  /** Uses since they were taken, milliseconds since 1970. At most one for each key. */
  #uses = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Reads all keys. Keys that were revoked since the last time are passed to listeners. */
  async load(): Promise<void> {
    for (const key of await this.#store.keys()) this.take(key);
  }

  /**
   * Writes keys and revocations back that we have and the store has not, because it lost writes.
   * Returns how many. Nodes that do so at the same time do no harm. A key that is over by our clock
   * alone is not revoked: that is for the store's clock to decide.
   */
  async writeBack(): Promise<number> {
    const stored = new Map((await this.#store.keys()).map((key) => [key.id, key]));
    const ours = [...this.#byId.values()].map((key) => this.#expiring.get(key.id) ?? key);
    let written = await this.#store.addMissingKeys(ours.filter(({ id }) => !stored.has(id)));
    for (const { id, revokedAt } of ours) {
      const there = stored.get(id);
      if (revokedAt === undefined || there === undefined || there.revokedAt !== undefined) continue;
      await this.#store.revokeKey(id, revokedAt);
      written++;
    }
    return written;
  }

  /**
   * Takes a key as the store had it. Revoking is final: a reading of the keys that began before the
   * feed told of it must not undo it.
   */
  take(key: Key): void {
    const { id, revokedAt, expiresAt } = key;
    const isRevoked = this.#byId.get(id)?.revokedAt !== undefined && !this.#expiring.has(id);
    if (isRevoked && revokedAt === undefined) return;
    if (revokedAt !== undefined) this.#expiring.delete(id);
    else if (expiresAt !== undefined) this.#expiring.set(id, key);
    if (!this.#expiring.has(id) || !this.#byId.has(id)) this.#set(key);
    this.#asOfNow(key);
  }

  /** Revokes keys in memory whose time is over; returns those that the store may still have as good. */
  expireDue(): readonly Key[] {
    const now = this.#now();
    const due = [...this.#expiring.values()].filter(({ expiresAt = Infinity }) => expiresAt <= now);
    for (const key of due) this.#asOfNow(key);
    return due;
  }

  /** Notes that a good key was used: by a request, or by a hold that came back. */
  noteUse({ id }: Pick<Key, 'id'>): void {
    this.#uses.set(id, this.#now());
  }

  /** Returns the uses since the last time. */
  takeUses(): ReadonlyMap<string, number> {
    const uses = this.#uses;
    this.#uses = new Map();
    return uses;
  }

  /** Takes uses back that could not be written; later ones count. */
  returnUses(uses: ReadonlyMap<string, number>): void {
    this.#uses = new Map([...uses, ...this.#uses]);
  }

  #set(key: Key): void {
    const known = this.#byId.get(key.id);
    this.#byId.set(key.id, key);
    this.#byHash.set(key.hash, key);
    const ofEnvironment = this.#byEnvironment.get(key.environment) ?? new Map<string, Key>();
    this.#byEnvironment.set(key.environment, ofEnvironment.set(key.id, key));
    if (key.revokedAt !== undefined && known?.revokedAt === undefined) {
      for (const listener of this.#listeners) listener(key);
    }
  }

  /**
   * The key with this text, revoked or not; `undefined` when there is none. One that is not in
   * memory is looked up in the store, because it may have been created a moment ago through another
   * node, and a client that gets 401 may give up for good.
   *
   * @throws HoldfastError `store_unavailable` when it is not in memory and the store is
   *   unavailable: that is not a refusal
   */
  async find(text: string): Promise<Key | undefined> {
    const digest = hashKey(text);
    const known = this.#byHash.get(digest);
    if (known === undefined) {
      const stored = await this.#store.keyByHash(digest);
      if (stored !== undefined) this.take(stored);
    }
    const found = this.#asOfNow(this.#byHash.get(digest));
    if (found !== undefined && found.revokedAt === undefined) this.noteUse(found);
    return found;
  }

  /**
   * The key as it is now: one whose time is over by our clock is revoked, here at least and until
   * that clock says otherwise.
   */
  #asOfNow(key: Key | undefined): Key | undefined {
    const known = key && this.#byId.get(key.id);
    const stored = known && this.#expiring.get(known.id);
    if (stored?.expiresAt === undefined) return known;
    const isOver = stored.expiresAt <= this.#now();
    if (isOver === (known?.revokedAt !== undefined)) return known;
    const current = isOver ? { ...stored, revokedAt: stored.expiresAt } : stored;
    this.#set(current);
    return current;
  }

  /** True when there are keys of that environment, so that it must have existed; does no I/O. */
  has(environment: bigint): boolean {
    return this.#byEnvironment.has(environment);
  }

  /** The keys of that environment, revoked ones included; does no I/O. */
  of(environment: bigint): Key[] {
    return [...(this.#byEnvironment.get(environment)?.values() ?? [])];
  }

  /** True when a key is known to be revoked; does no I/O. */
  isRevoked(id: string): boolean {
    return this.#asOfNow(this.#byId.get(id))?.revokedAt !== undefined;
  }

  /**
   * The key with this id, revoked or not. One that is not in memory makes all keys be read again:
   * it may be seconds old.
   *
   * @throws HoldfastError `store_unavailable` when it is not in memory and the store is unavailable
   */
  async findById(id: string): Promise<Key | undefined> {
    if (!this.#byId.has(id)) await this.load();
    return this.#asOfNow(this.#byId.get(id));
  }

  /** Tells `listener` of every key that is revoked from now on. */
  onRevoked(listener: (key: Key) => void): void {
    this.#listeners.add(listener);
  }
}

/**
 * The error for a key that cannot be judged, because there is no key at all. A store without any is
 * more likely to have lost its data than to be new, and a client that gets 401 may give up for good.
 */
export function noKeyAtAll(): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    'there is no API key at all: the store is new, or it lost its data; create a key, or restore the data',
  );
}

/**
 * The stored form of a key: its text has 192 random bits, so a plain SHA-256 cannot be reversed.
 */
export function hashKey(text: string): string {
  return hash('sha256', text, 'hex');
}
