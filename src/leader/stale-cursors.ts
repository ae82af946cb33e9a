/**
 * Removes cursors of receivers that are gone: proxies get new addresses with each deployment, and
 * their cursors would stay for ever, and make each new leader read the feed from the oldest of them.
 *
 * No delivery is lost by that. A receiver that comes back without a cursor is a new one, and gets
 * everything: a proxy a resync item for each environment, so that each of its clients is repaired,
 * a bucket a comparison of all copies.
 */
import type { Clock } from '../core/clock.js';
import type { Leadership } from '../store/store.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from 'pino';

/** The time for which a receiver must be gone, milliseconds: longer than any flap of DNS. */
const GONE_MS = 60 * 60 * 1000;
/** Between two looks, milliseconds. */
const INTERVAL_MS = 10 * 60 * 1000;

/** The collaborators of the removal. */
export interface StaleCursorsOptions {
  readonly leadership: Pick<Leadership, 'cursors' | 'removeCursors'>;
  readonly holder: string;
  /** The names of the receivers that there are now, and of other cursors that must stay. */
  readonly present: () => Iterable<string>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly log: Logger;
}

/** Watches the cursors of one term of leadership. */
export class StaleCursors {
  readonly #options: StaleCursorsOptions;
  /** Since when each receiver has been seen to be gone, milliseconds, monotonic. */
  #goneSince = new Map<string, number>();

  constructor(options: StaleCursorsOptions) {
    this.#options = options;
  }

  /** Looks at the cursors at an interval until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      await this.remove().catch((error: unknown) => {
        log.debug({ error: messageOf(error) }, 'could not look for cursors of proxies that are gone');
      });
      await clock.sleep(INTERVAL_MS, signal);
    }
  }

  /**
   * Removes the cursors whose receivers have been gone for an hour of this term.
   *
   * @throws HoldfastError `store_unavailable`
   */
  async remove(): Promise<void> {
    const { leadership, holder, present, clock, log } = this.#options;
    const names = (await leadership.cursors()).keys();
    const now = clock.monotonic();
    const here = new Set(present());
    const gone = [...names].filter((name) => !here.has(name));
    this.#goneSince = new Map(gone.map((name) => [name, this.#goneSince.get(name) ?? now]));
    const stale = gone.filter((name) => now - (this.#goneSince.get(name) ?? now) >= GONE_MS);
    if (stale.length === 0 || !(await leadership.removeCursors(holder, stale))) return;
    log.info({ receivers: stale }, 'receivers have been gone for an hour: their cursors are removed');
  }
}
