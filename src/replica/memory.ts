/**
 * The memory of a replica: the rulesets, and the marks that the stages of the replica leave on
 * them.
 */
import type { Logger } from 'pino';
import type { Ruleset } from '../ruleset/ruleset.js';
import { Listeners } from './listeners.js';
import { Retention, type RetentionOptions } from './retention.js';

/** The rulesets in memory, by environment. */
export class ReplicaMemory {
  readonly rulesets = new Map<bigint, Ruleset>();
  /**
   * The names of the environments in memory. No feed entry brings a new name: no client sees it.
   */
  readonly names = new Map<bigint, string>();
  /** Environments that must be read again; the feed will not bring what they lack. */
  readonly stale = new Set<bigint>();
  /** Environments that are in memory and that the store lost. */
  readonly missing = new Set<bigint>();
  /** Environments of which the store lost writes that are not committed again yet. */
  readonly recovering = new Set<bigint>();
  readonly listeners: Listeners;
  readonly #retention: Retention;
  readonly #now: () => number;

  /** @param now milliseconds, monotonic */
  constructor(log: Logger, retention: RetentionOptions, now: () => number) {
    this.listeners = new Listeners(log);
    this.#retention = new Retention(retention);
    this.#now = now;
  }

  /** Marks an environment as used now. */
  use(environment: bigint): void {
    this.#retention.use(environment, this.#now());
  }

  /** Forgets an environment that was deleted. */
  forget(environment: bigint): void {
    this.rulesets.delete(environment);
    this.names.delete(environment);
    for (const marks of [this.stale, this.missing, this.recovering]) marks.delete(environment);
  }

  /**
   * Drops environments that are not used, beyond the number that stays.
   *
   * @param isNeeded true for one that must stay although it is not used
   * @returns the dropped ones
   */
  drop(isNeeded: (environment: bigint) => boolean): bigint[] {
    const dropped = [...this.#retention.drop(this.#now(), isNeeded)];
    for (const environment of dropped) {
      this.rulesets.delete(environment);
      this.names.delete(environment);
    }
    return dropped;
  }
}
