/**
 * A reading of records of the store that is at most a second old, by the hashes of their tokens. So
 * wrong tokens cost the store one reading a second at most, and a removed record is no longer found
 * on any node within a second. [protocol] #operators
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { HoldfastError } from '../core/errors.js';
import type { NamedRecords } from '../store/named-records.js';

/** The age up to which a reading is used without asking the store, milliseconds. */
const FRESH_MS = 1_000;

/** The age up to which a reading is used when the store cannot be asked, milliseconds. */
const STALE_MS = 10_000;

/** FreshRecords finds records by the text whose hash they have. */
export class FreshRecords<T extends { readonly hash: string }> {
  readonly #records: NamedRecords<T>;
  readonly #monotonic: () => number;
  readonly #unavailable: string;
  #byHash = new Map<string, T>();
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  /** @param unavailable the message of the error when the store cannot be asked for too long */
  constructor(records: NamedRecords<T>, monotonic: () => number, unavailable: string) {
    this.#records = records;
    this.#monotonic = monotonic;
    this.#unavailable = unavailable;
  }

  /**
   * Finds the record of a token.
   *
   * @throws HoldfastError `store_unavailable` when the store could not be asked for
   *   that long: a token that may have been revoked is not taken
   */
  async find(token: string): Promise<T | undefined> {
    await this.#refresh();
    return this.#byHash.get(hashToken(token));
  }

  /** Makes the next look-up read the store, so that a change counts immediately on this node. */
  forget(): void {
    this.#readAt = -Infinity;
  }

  /** Puts a record in place of the one that was read, until the store is read again. */
  note(record: T): void {
    this.#byHash.set(record.hash, record);
  }

  async #refresh(): Promise<void> {
    const age = this.#monotonic() - this.#readAt;
    if (age <= FRESH_MS) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    try {
      await this.#reading;
    } catch (error) {
      if (age <= STALE_MS) return;
      throw new HoldfastError('store_unavailable', this.#unavailable, { cause: error });
    }
  }

  async #read(): Promise<void> {
    // Before the store is asked, so that what changes while it answers is read again in time.
    const at = this.#monotonic();
    const records = await this.#records.all();
    this.#byHash = new Map(records.map((each) => [each.hash, each]));
    this.#readAt = at;
  }
}

/** True for equal hashes, in a time that says nothing about where they differ. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Returns the SHA-256 of a token, as records have it. */
export function hashToken(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
