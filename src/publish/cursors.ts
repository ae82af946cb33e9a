/**
 * Writes cursors, not more than ten times a second: what is lost with the last tenth is sent again, and dropped by the proxies as repeats.
 */
import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import type { Position } from '../store/store.js';

const INTERVAL_MS = 100;

export class CursorSaver {
  readonly #save: (proxy: string, position: Position) => Promise<boolean>;
  readonly #log: Logger;
  readonly #pending = new Map<string, Position>();
  #timer: NodeJS.Timeout | undefined;

  constructor(save: (proxy: string, position: Position) => Promise<boolean>, log: Logger) {
    this.#save = save;
    this.#log = log;
  }

  note(proxy: string, position: Position): void {
    this.#pending.set(proxy, position);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, INTERVAL_MS);
  }

  /** Writes what is pending. Never throws: a cursor that could not be written is written with the next one. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [proxy, position] of pending) {
      try {
        await this.#save(proxy, position);
      } catch (error) {
        this.#log.warn(
          { proxy, error: messageOf(error) },
          'could not write a cursor; a new leader would send more than it must',
        );
      }
    }
  }
}
