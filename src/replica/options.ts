/** The options and the status of a replica. */
import type { Logger } from 'pino';
import type { EncodedConfig } from '../ruleset/codec.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import type { Store } from '../store/store.js';
import type { RetentionOptions } from './retention.js';

/** The state of the replica, for readiness and metrics. */
export interface ReplicaStatus {
  /** `current`: the feed was heard within the last seconds. `away`: the store cannot be reached. */
  readonly feed: 'starting' | 'current' | 'away';
  /** Milliseconds since the feed was last known to have nothing newer. */
  readonly lag: number;
  readonly environments: number;
  readonly keys: number;
  /** Environments that this node has and the store lost; `holdfast restore` writes them back. */
  readonly missing: number;
  /** Environments of which the store lost writes that are not committed again yet. */
  readonly recovering: number;
}

/** Writes of one environment that this node has, and that the store lost. */
export interface LostWrites {
  /** The store's ruleset. */
  readonly stored: Ruleset;
  /** This node's ruleset, with the lost writes. */
  readonly ours: Ruleset;
  /** The configs of `ours` that the store lacks or has in an older state. */
  readonly configs: readonly EncodedConfig[];
  /** True when the store lost the default context of `ours`; else there is at least one config. */
  readonly isContextLost: boolean;
  /** The name that the environment has in the store. */
  readonly name: string;
}

/**
 * The outcome of healing. `committed`: the store has moved on, and is to be read again.
 * `abandoned`: none of the lost writes could be committed, now or later; the store's ruleset is the
 * one that counts.
 */
export type HealingOutcome = 'committed' | 'abandoned';

/** The parts and settings of a replica. */
export interface ReplicaOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Milliseconds since 1970; default: the machine's clock. Keys expire by it. */
  readonly wallClock?: () => number;
  /** Called each time that the store was found to lack writes that this node has. */
  readonly onDataLost?: (environment: bigint, ours: bigint, stores: bigint) => void;
  /**
   * Commits lost writes again. Rejects when that cannot be done now; it is called again until it
   * resolves.
   */
  readonly heal: (lost: LostWrites) => Promise<HealingOutcome>;
  /** Which environments stay in memory. Default: all. */
  readonly retention?: RetentionOptions;
  /** Called for each change that the feed brings, of any environment. */
  readonly onChange?: (change: Change) => void;
  /** Called for each environment that was dropped. */
  readonly onDropped?: (environment: bigint) => void;
}
