/** The parts that every feature of a node is built from. */
import type { NodeSettings } from '../../config/options.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../observe/log.js';
import type { NodeMetrics } from '../../observe/node-metrics.js';
import type { Tracing } from '../../observe/tracing.js';
import type { Store } from '../../store/store.js';

/**
 * The secrets of a node: those given in the settings, or with the embedded store those that its
 * data directory has.
 */
export interface Secrets {
  /** Each is accepted. At least one. */
  readonly adminTokens: readonly string[];
  /**
   * The first signs recovery links and the tokens of event streams, each is accepted. At least one.
   */
  readonly linkSecrets: readonly string[];
}

/** Settings, an open store, and the services that every feature uses. */
export interface NodeParts {
  readonly settings: NodeSettings;
  readonly secrets: Secrets;
  readonly store: Store;
  readonly metrics: NodeMetrics;
  readonly log: Logger;
  /** `undefined`: no traces. */
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
  /** Unique to this process; the name under which it takes leases. */
  readonly holder: string;
}
