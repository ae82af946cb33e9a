/**
 * Writes cursors, those of all proxies together, not more than ten times a second: what is lost with the last tenth is sent again,
 * and dropped by the proxies as repeats.
 *
 * One write after the other, so that a cursor never goes back, and what could not be written is
 * tried again until a newer one takes its place: a new leader that starts from an old cursor would
 * repeat what proxies no longer know to be a repeat.
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { FeedPosition } from '../store/store.js';

const INTERVAL_MS = 100;

/** Saves the newest cursor of each proxy or bucket, at most ten times a second. */
export class CursorSaver {
  readonly #save: (cursors: ReadonlyMap<string, FeedPosition>) => Promise<boolean>;
  readonly #log: Logger;
  readonly #pending = new Map<string, FeedPosition>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  /**
   * @param save as in the Leadership port; false: the lease is lost, and with it the right to write
   */
  constructor(save: (cursors: ReadonlyMap<string, FeedPosition>) => Promise<boolean>, log: Logger) {
    this.#save = save;
    this.#log = log;
  }

  /** The proxy has everything up to that position. Written soon. */
  note(proxy: string, position: FeedPosition): void {
    this.#pending.set(proxy, position);
    this.#arm();
  }

  /** Writes what is pending, and nothing after that. Never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#flush();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, INTERVAL_MS);
  }

  #flush(): Promise<void> {
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const pending = new Map(this.#pending);
    if (pending.size === 0) return;
    this.#pending.clear();
    try {
      await this.#save(pending);
      this.#failing = false;
    } catch (error) {
      for (const [proxy, position] of pending)
        if (!this.#pending.has(proxy)) this.#pending.set(proxy, position);
      this.#warn(error);
    }
    if (this.#pending.size > 0) this.#arm();
  }

  #warn(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#log.warn(
      { error: messageOf(error) },
      'could not write cursors, trying again; a new leader would send more than it must',
    );
  }
}
