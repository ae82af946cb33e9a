/** The options and the status of a replica. */
import type { Logger } from 'pino';
import type { EncodedConfig } from '../ruleset/codec.js';
import type { Ruleset } from '../ruleset/ruleset.js';
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
}

/** The parts and settings of a replica. */
export interface ReplicaOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Called each time that the store was found to lack writes that this node has. */
  readonly onDataLost?: (environment: bigint, ours: bigint, stores: bigint) => void;
  /**
   * Commits lost writes again.
   *
   * @param stored the store's ruleset
   * @param lost configs that this node has, and the store lacks or has in an older state
   */
  readonly heal: (stored: Ruleset, lost: readonly EncodedConfig[]) => Promise<void>;
  /** Which environments stay in memory. Default: all. */
  readonly retention?: RetentionOptions;
  /** Called for each environment that was dropped. */
  readonly onDropped?: (environment: bigint) => void;
}
