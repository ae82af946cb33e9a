/** Listeners of changes of the ruleset, notified after an event was handled as a whole. */
import { messageOf } from '../core/errors.js';

/** One change of the ruleset, as listeners get it. */
export interface RulesetChange {
  /** The client's version after it. Decimal text. */
  readonly version: string;
  /**
   * The keys that have changed; none when only the environment's default context is.
   */
  readonly keys: readonly string[];
}

/** Keeps the listeners, and the changes of which they are not notified yet. */
export class ChangeListeners {
  readonly #listeners = new Set<(change: RulesetChange) => void>();
  readonly #warn: (text: string) => void;
  #changes: RulesetChange[] = [];

  /** @param warn is called with the text of an error that a listener throws */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** Adds a listener. The function that is returned removes it. */
  add(listener: (change: RulesetChange) => void): () => void {
    const own = (change: RulesetChange) => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Removes every listener. */
  clear(): void {
    this.#listeners.clear();
  }

  /** Notes a change, for the next {@link notify}. */
  changed(change: RulesetChange): void {
    this.#changes.push(change);
  }

  /** Notifies each listener of each change, in order. */
  notify(): void {
    for (const change of this.#changes.splice(0)) {
      for (const listener of [...this.#listeners]) {
        try {
          listener(change);
        } catch (error) {
          this.#warn(`a listener of changes threw: ${messageOf(error)}`);
        }
      }
    }
  }
}
