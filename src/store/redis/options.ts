/** The options of the store in Redis. */
import type { Logger } from 'pino';
import type { HistoryLimits } from '../history.js';

/** Options of {@link openRedisStore}. */
export interface RedisStoreOptions {
  readonly log: Logger;
  /** The approximate number of entries that the feed keeps. Default 100,000. */
  readonly feedLength?: number;
  /** The most that rejected inbox events may take together, bytes. Default 64 MiB. */
  readonly rejectedBytes?: number;
  /** The most that the remembered requests of an environment may take, bytes. Default 16 MiB. */
  readonly idempotencyBytes?: number;
  /** The bounds of the history. */
  readonly history?: HistoryLimits;
  /** The longest wait for the first connection, milliseconds. Default 10,000. */
  readonly connectWithin?: number;
}
