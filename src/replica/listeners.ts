/** The listeners to an environment's changes. */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import type { Ruleset } from '../ruleset/ruleset.js';

/**
 * Called after each change of an environment's ruleset; the ruleset may be another object than
 * before.
 */
export type RulesetListener = (ruleset: Ruleset) => void;

/** Listeners by environment. */
export class Listeners {
  readonly #log: Logger;
  readonly #byEnvironment = new Map<bigint, Set<RulesetListener>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @returns a function that takes the listener off again */
  add(environment: bigint, listener: RulesetListener): () => void {
    let listeners = this.#byEnvironment.get(environment);
    if (listeners === undefined) this.#byEnvironment.set(environment, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byEnvironment.get(environment) === listeners)
        this.#byEnvironment.delete(environment);
    };
  }

  /** True when that environment has listeners. */
  has(environment: bigint): boolean {
    return this.#byEnvironment.has(environment);
  }

  /** Notifies every listener; one that throws does not keep the others from it. */
  tell(ruleset: Ruleset): void {
    for (const listener of this.#byEnvironment.get(ruleset.environment) ?? []) {
      try {
        listener(ruleset);
      } catch (error) {
        this.#log.error({ error: messageOf(error) }, 'a listener failed');
      }
    }
  }
}
