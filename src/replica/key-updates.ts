/** The keyring of a replica, kept current from the feed. */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { Keyring } from '../keys/keyring.js';
import type { Key, Store } from '../store/store.js';

/** Brings keys of the feed into the keyring, and reads all of them again after a gap. */
export class KeyUpdates {
  readonly #keyring: Keyring;
  readonly #store: Store;
  readonly #log: Logger;
  #isStale = false;

  constructor(keyring: Keyring, store: Store, log: Logger) {
    this.#keyring = keyring;
    this.#store = store;
    this.#log = log;
  }

  /** Takes a key of the feed. */
  take(key: Key): void {
    try {
      this.#keyring.take(key);
    } catch (error) {
      this.#log.error({ key: key.id, error: messageOf(error) }, 'a listener to revoked keys failed');
    }
  }

  /** Notes that the feed had a gap, in which keys may have changed. */
  markStale(): void {
    this.#isStale = true;
  }

  /** Reads all keys again after a gap; called with each signal of the feed until that works. */
  async refresh(): Promise<void> {
    if (!this.#isStale) return;
    try {
      await this.#keyring.load();
      // A store without any environment may be another store; that is for an operator to decide.
      const { environments, damaged } = await this.#store.listEnvironments();
      if (environments.length + damaged.length > 0) await this.#keyring.writeBack();
      this.#isStale = false;
    } catch (error) {
      this.#log.error(
        { error: messageOf(error) },
        'could not read the keys again; keeping those in memory, and trying until it works',
      );
    }
  }
}
