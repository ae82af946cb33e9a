/** Opens the embedded store: lock, log, replay. */
import { copyFile, lstat, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { makeDirectory, syncDirectory } from '../../core/durable-file.js';
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { Store } from '../store.js';
import { Feed, feedEntryOf } from './feed.js';
import { FileStore } from './file-store.js';
import { FileLeadership } from './leadership.js';
import { FileAuditLog } from './audit.js';
import { FileKeyUse } from './key-use.js';
import { acquireLock, type Lock } from './lock.js';
import { Log } from './log.js';
import { FileRecords } from './named-records.js';
import { decodeMutation } from './record.js';
import { FileState } from './state.js';
import { historyLimits, type HistoryLimits } from '../history.js';
import { OPERATOR_FORM } from '../operators.js';
import { SESSION_FORM } from '../sessions.js';
import { historyLine, HistoryIndex, noteHistory } from './history-index.js';

/**
 * The part of the log's bound that does not depend on its content, bytes; see
 * `FileStoreOptions.compactAbove`.
 */
const COMPACT_ABOVE = 4 * 1024 * 1024;

/** Options of {@link openFileStore}. */
export interface FileStoreOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /**
   * The log is compacted when it is larger than twice its live data and this together. Bytes.
   * Default 4 MiB.
   */
  readonly compactAbove?: number;
  /** The bounds of the history. */
  readonly history?: HistoryLimits;
  /**
   * The wait for a heartbeat of an owner that did not release the directory, milliseconds. Default
   * 8,000.
   */
  readonly lockPatience?: number;
}

/** The files next to the log that a store makes, all of them after it. */
const WRITTEN_AFTER_LOG = ['cursors', 'belt-cursors', 'operators', 'audit'];

/**
 * Opens the store in a directory, which is made if there is none. A full disk is no obstacle.
 *
 * @throws HoldfastError `store_unavailable` when another process has the directory or it cannot be
 *   read, `store_damaged` when the log is not what was written.
 */
export async function openFileStore(directory: string, options: FileStoreOptions): Promise<Store> {
  const owner: { store?: FileStore; lost?: Error } = {};
  const onLost = (error: Error): void => {
    owner.lost = error;
    owner.store?.lose(error);
  };
  try {
    await makeDirectory(directory);
    const { lockPatience: patience } = options;
    const lock = await acquireLock(directory, { ...(patience === undefined ? {} : { patience }), onLost });
    try {
      owner.store = await load(directory, lock, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
    if (owner.lost !== undefined) owner.store.lose(owner.lost);
    return owner.store;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError(
      'store_unavailable',
      `The data directory ${directory} cannot be used: ${messageOf(error)}. It must be writable.`,
      { cause: error },
    );
  }
}

async function load(directory: string, lock: Lock, options: FileStoreOptions): Promise<FileStore> {
  const now = options.now ?? Date.now;
  const logger = options.log;
  await removeTemporary(directory);
  if (lock.isTakeover) await moveToNewInode(directory, lock.token, logger);
  if (!(await exists(join(directory, 'log')))) {
    await refuseLostLog(directory);
    await Log.create(directory);
  }
  const limits = options.history ?? historyLimits();
  const verify = (): Promise<void> => lock.verify();
  const operators = await FileRecords.open(join(directory, 'operators'), OPERATOR_FORM, verify);
  const sessions = await FileRecords.open(join(directory, 'sessions'), SESSION_FORM, verify);
  const audit = await FileAuditLog.open(join(directory, 'audit'), logger);
  const keyUse = await FileKeyUse.open(join(directory, 'key-use'), () => lock.verify(), logger);
  const loaded = await replay(directory, lock, { now, logger, limits });
  const leadership = await FileLeadership.open(join(directory, 'cursors'), now, logger);
  const beltLeadership = await FileLeadership.open(join(directory, 'belt-cursors'), now, logger);
  return new FileStore({
    directory,
    lock,
    leadership,
    beltLeadership,
    operators,
    sessions,
    audit,
    keyUse,
    now,
    logger,
    compactAbove: options.compactAbove ?? COMPACT_ABOVE,
    ...loaded,
  });
}

async function replay(
  directory: string,
  lock: Lock,
  { now, logger, limits }: { now: () => number; logger: Logger; limits: HistoryLimits },
) {
  const state = new FileState();
  const history = new HistoryIndex(limits);
  let feed = new Feed(0);
  let sequence = 0;
  const log = await Log.open(directory, {
    replay: {
      header: (header) => {
        sequence = header.sequence;
        feed = new Feed(sequence);
      },
      snapshot: (record, line) => {
        state.restore(record, now());
        if (record.type === 'history') history.add(BigInt(record.environment), historyLine(record, line));
      },
      batch: (batch, line) => {
        if (batch.sequence !== sequence + 1) {
          throw new Error(`record ${batch.sequence} does not follow record ${sequence}`);
        }
        for (const record of batch.records) {
          const mutation = decodeMutation(record);
          state.apply(mutation, now());
          noteHistory(history, mutation, line);
          feed.push(++sequence, feedEntryOf(sequence, mutation));
        }
      },
    },
    log: logger,
    verify: () => lock.verify(),
  });
  return { log, state, feed, sequence, history };
}

/**
 * Removes the files that an interrupted owner left. An owner that only stood still cannot finish a
 * compaction then: the file that it would rename is gone, and it does not make another one, because
 * the lock is no longer its own.
 */
async function removeTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const isOurs = /^(log\.(new|probe|[0-9a-f]+\.new)|(operators|sessions|key-use)\.new)$/.test(name);
    if (isOurs || (name.startsWith('lock.stale.') && (await isOld(path)))) await rm(path, { force: true });
  }
}

/**
 * False for a lock that another process has moved aside by mistake and is about to put back: its
 * heartbeat is recent.
 */
async function isOld(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > 60_000;
}

/**
 * Copies the log to a file of its own. Late writes of the former owner, if it still runs, then go
 * to a file without a name. Without room for the copy the log is used as it is: then only its
 * verifications keep that owner out.
 */
async function moveToNewInode(directory: string, token: string, logger: Logger): Promise<void> {
  const path = join(directory, 'log');
  if (!(await exists(path))) return;
  const temporary = join(directory, `log.${token}.new`);
  logger.warn(
    { directory },
    'the last owner of the data directory did not release it and gave no sign of life: it is taken for dead',
  );
  try {
    await copyFile(path, temporary);
    const file = await open(temporary, 'r+');
    await file.sync().finally(() => file.close());
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true });
    logger.warn(
      { directory, error: messageOf(error) },
      'the log could not be copied away from its last owner',
    );
  }
}

/** An empty store in the place of a lost one would look like a new installation. */
async function refuseLostLog(directory: string): Promise<void> {
  for (const name of WRITTEN_AFTER_LOG) {
    if (!(await exists(join(directory, name)))) continue;
    throw new HoldfastError(
      'store_damaged',
      `The data directory ${directory} has the file ${name} of a store, and no log: the log was moved or removed. Put it back, or restore it from a backup; to begin with nothing, remove ${WRITTEN_AFTER_LOG.join(', ')} too.`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    },
  );
}
