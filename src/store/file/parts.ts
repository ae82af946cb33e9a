/** The parts that a file store is made of. */
import type { Logger } from 'pino';
import type { OperatorRecord } from '../operators.js';
import type { SessionRecord } from '../sessions.js';
import type { FileAuditLog } from './audit.js';
import type { Feed } from './feed.js';
import type { HistoryIndex } from './history-index.js';
import type { FileKeyUse } from './key-use.js';
import type { FileLeadership } from './leadership.js';
import type { Lock } from './lock.js';
import type { Log } from './log.js';
import type { FileRecords } from './named-records.js';
import type { FileState } from './state.js';

/** The parts of a store, opened. */
export interface FileStoreParts {
  readonly directory: string;
  readonly lock: Lock;
  readonly log: Log;
  readonly state: FileState;
  readonly feed: Feed;
  /** The number of the last record. */
  readonly sequence: number;
  readonly leadership: FileLeadership;
  readonly beltLeadership: FileLeadership;
  readonly operators: FileRecords<OperatorRecord>;
  readonly sessions: FileRecords<SessionRecord>;
  readonly audit: FileAuditLog;
  readonly keyUse: FileKeyUse;
  readonly now: () => number;
  readonly logger: Logger;
  /** Bytes; see `FileStoreOptions`. */
  readonly compactAbove: number;
  readonly history: HistoryIndex;
}
