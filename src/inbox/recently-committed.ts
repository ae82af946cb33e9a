/**
 * The inbox events that this process committed recently.
 *
 * A Redis that persists once a second can die and come back without its last second. Then the
 * events of that second are in the inbox again, and the nodes commit what the store lost from their
 * memory (commit/heal.ts). To commit such an event once more would put it after what was committed
 * since, and could undo that.
 */
import type { Ruleset } from '../ruleset/ruleset.js';

/**
 * Configs in all of them together: those of a second or two at several times the rate that a
 * consumer reaches. A few MB.
 */
const REMEMBERED = 20_000;

/** The result of a committed event. */
export interface CommittedEvent {
  /** The digest that tells the event from another one put in its place. */
  readonly digest: string;
  readonly configs: readonly { readonly key: string; readonly id: string }[];
}

/** Remembers a bounded number of committed events. */
export class RecentlyCommitted {
  readonly #limit: number;
  /** The oldest first. */
  readonly #made = new Map<string, CommittedEvent>();
  #configs = 0;

  constructor(limit = REMEMBERED) {
    this.#limit = limit;
  }

  note(event: string, made: CommittedEvent): void {
    this.#configs += made.configs.length - (this.#made.get(event)?.configs.length ?? 0);
    this.#made.set(event, made);
    for (const [oldest, { configs }] of this.#made) {
      if (this.#configs <= this.#limit) break;
      this.#made.delete(oldest);
      this.#configs -= configs.length;
    }
  }

  /** True when this very event was committed, and the ruleset has its configs or later ones. */
  isIn(ruleset: Ruleset | undefined, event: string, digest: string): boolean {
    const made = this.#made.get(event);
    if (ruleset === undefined || made?.digest !== digest) return false;
    return made.configs.every(({ key, id }) => (ruleset.get(key)?.id ?? 0n) >= BigInt(id));
  }
}
