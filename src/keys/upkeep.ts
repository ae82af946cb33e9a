/**
 * The upkeep of API keys, on every node: keys whose time is over are revoked, and uses are noted.
 *
 *     time is over ──▶ refused here, direct holds end        (within a second, by this node's clock)
 *                 └──▶ revoked in the store ──feed──▶ holds at proxies end, copies say so
 *
 * A revocation is for good, so the store's clock decides about it: a node whose clock is ahead only
 * refuses early. All nodes try it, so that it waits for none of them; the first one makes it.
 */
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Store } from '../store/store.js';
import type { Keyring } from './keyring.js';

/** The time between two looks at which keys are over, milliseconds. */
const TICK_MS = 1_000;

/** The time between two writes of uses, milliseconds. */
const NOTE_MS = 60_000;

/** The parts of {@link KeyUpkeep}. */
export interface KeyUpkeepOptions {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Logger;
}

/** KeyUpkeep revokes keys that expired, and writes when keys were last used. */
export class KeyUpkeep {
  readonly #options: KeyUpkeepOptions;
  #notedAt: number;
  #isFailing = false;

  constructor(options: KeyUpkeepOptions) {
    this.#options = options;
    this.#notedAt = options.clock.monotonic();
  }

  /** Works until the signal aborts, and writes then what is left. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.step();
      await clock.sleep(TICK_MS, signal);
    }
    await this.#attempt(() => this.#writeUses());
  }

  /** Does what is due now. */
  async step(): Promise<void> {
    await this.#attempt(() => this.#revokeExpired());
    const { clock } = this.#options;
    if (clock.monotonic() - this.#notedAt < NOTE_MS) return;
    this.#notedAt = clock.monotonic();
    await this.#attempt(() => this.#writeUses());
  }

  async #revokeExpired(): Promise<void> {
    const { store, keyring, log } = this.#options;
    const due = keyring.expireDue();
    if (due.length === 0) return;
    const now = Number((await store.time()) / 1000n);
    for (const { id, expiresAt = Infinity } of due) {
      if (expiresAt > now) continue;
      const revoked = await store.revokeKey(id, expiresAt);
      if (revoked === undefined) continue;
      keyring.take(revoked);
      log.info({ key: id }, 'a key expired');
    }
  }

  /** Uses that cannot be written wait for the next time. */
  async #writeUses(): Promise<void> {
    const { store, keyring } = this.#options;
    const uses = keyring.takeUses();
    if (uses.size === 0) return;
    try {
      await store.keyUse.note(uses);
    } catch (error) {
      keyring.returnUses(uses);
      throw error;
    }
  }

  /** Logs the first of a row of failures; all of it is tried again. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#options.log.warn({ error: messageOf(error) }, 'the upkeep of keys failed; it is tried again');
      this.#isFailing = true;
    }
  }
}
