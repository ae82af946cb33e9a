/**
 * The embedded store: a directory, one process, nothing to install. All data is in memory; the log
 * makes it last.
 */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../../core/errors.js';
import { storeName } from '../location.js';
import { byCreation, checkCommit, IDEMPOTENCY_TTL, keyExists } from '../rules.js';
import type {
  Commit,
  CommitResult,
  FeedEntry,
  FeedSignal,
  Key,
  FeedPosition,
  Store,
  StoredEnvironment,
  StoredRuleset,
} from '../store.js';
import { makeDirectory } from '../../core/durable-file.js';
import { Feed } from './feed.js';
import { FileLeadership } from './leadership.js';
import { acquireLock, type Lock } from './lock.js';
import { Log } from './log.js';
import { decodeMutation, encodeMutation, mutationOf, type Mutation } from './record.js';
import { FileState } from './state.js';
import { Writer, type WritePlan } from './writer.js';
import { WriteMonitor, type WriteState } from '../write-state.js';

/**
 * A log is written anew at start when it is larger than that, and at least half of it is
 * superseded. Bytes.
 */
const COMPACT_ABOVE = 1024 * 1024;

/** The size of the write that shows that a refusal is over: about that of a commit. */
const PROBE_BYTES = 64 * 1024;

/** All writes of keys, as a subject of the writer: a hash must be new among all of them. */
const KEYS = 'keys';

export interface FileStoreOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Bytes; see COMPACT_ABOVE. */
  readonly compactAbove?: number;
}

/**
 * @throws HoldfastError `store_unavailable` when another process has the directory or it cannot be
 * written, `store_damaged` when the log is not what was written.
 */
export async function openFileStore(directory: string, options: FileStoreOptions): Promise<Store> {
  try {
    await makeDirectory(directory);
    const lock = await acquireLock(directory);
    try {
      return await load(directory, lock, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError(
      'store_unavailable',
      `The data directory ${directory} cannot be used: ${messageOf(error)}. It must be writable.`,
      { cause: error },
    );
  }
}

interface Parts {
  readonly directory: string;
  readonly lock: Lock;
  readonly log: Log;
  readonly state: FileState;
  readonly feed: Feed;
  readonly sequence: number;
  readonly leadership: FileLeadership;
  readonly beltLeadership: FileLeadership;
  readonly now: () => number;
  readonly logger: Logger;
}

async function load(directory: string, lock: Lock, options: FileStoreOptions): Promise<Store> {
  const now = options.now ?? Date.now;
  if (!existsSync(join(directory, 'log'))) await Log.create(directory, 0, []);
  let loaded = await replay(directory, now, options.log);
  const superseded = loaded.log.size - loaded.state.size();
  if (loaded.log.size > (options.compactAbove ?? COMPACT_ABOVE) && superseded > loaded.log.size / 2) {
    await loaded.log.close();
    await Log.create(directory, loaded.sequence, [...loaded.state.snapshot(now())]);
    const before = loaded.log.size;
    loaded = await replay(directory, now, options.log);
    options.log.info({ file: loaded.log.path, before, after: loaded.log.size }, 'log compacted');
  }
  const leadership = await FileLeadership.open(join(directory, 'cursors'), now, options.log);
  const beltLeadership = await FileLeadership.open(join(directory, 'belt-cursors'), now, options.log);
  return new FileStore({ directory, lock, leadership, beltLeadership, now, logger: options.log, ...loaded });
}

async function replay(directory: string, now: () => number, logger: Logger) {
  const state = new FileState();
  let feed = new Feed(0);
  let sequence = 0;
  const log = await Log.open(
    directory,
    {
      header: (header) => {
        sequence = header.sequence;
        feed = new Feed(sequence);
      },
      snapshot: (record) => state.restore(record, now()),
      batch: (batch) => {
        if (batch.sequence !== sequence + 1) {
          throw new Error(`record ${batch.sequence} does not follow record ${sequence}`);
        }
        for (const record of batch.records) {
          const mutation = decodeMutation(record);
          state.apply(mutation, now());
          feed.push(++sequence, feedEntry(sequence, mutation));
        }
      },
    },
    logger,
  );
  return { log, state, feed, sequence };
}

class FileStore implements Store {
  readonly name: string;
  readonly leadership: FileLeadership;
  readonly beltLeadership: FileLeadership;
  /** One process has the directory, so there is nobody to add events to it. */
  readonly inbox = undefined;
  readonly #lock: Lock;
  readonly #log: Log;
  readonly #state: FileState;
  readonly #feed: Feed;
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #writes: WriteMonitor;
  readonly #closing = new AbortController();
  #sequence: number;
  #lastTime: bigint;

  constructor(parts: Parts) {
    this.name = storeName({ kind: 'file', directory: parts.directory });
    this.leadership = parts.leadership;
    this.beltLeadership = parts.beltLeadership;
    this.#lock = parts.lock;
    this.#log = parts.log;
    this.#state = parts.state;
    this.#feed = parts.feed;
    this.#sequence = parts.sequence;
    this.#now = parts.now;
    this.#lastTime = parts.state.newest();
    this.#writer = new Writer(parts.log.path, (mutations) => this.#write(mutations));
    this.#writes = new WriteMonitor({
      name: this.name,
      log: parts.logger,
      now: parts.now,
      probe: () => canWrite(parts.directory),
    });
  }

  writable(): WriteState {
    return this.#writes.state;
  }

  /** Never goes back, also when the system's clock does. */
  time(): Promise<bigint> {
    const now = BigInt(Math.floor(this.#now())) * 1000n;
    if (now > this.#lastTime) this.#lastTime = now;
    return Promise.resolve(this.#lastTime);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    const bytes = commit.change?.configs.reduce((sum, config) => sum + config.bytes.length, 0) ?? 0;
    return this.#writer.submit(`${commit.environment}`, () => ({ bytes, ...this.#plan(commit) }));
  }

  repeated(environment: bigint, key: string): Promise<{ digest: string; answer: string } | undefined> {
    return Promise.resolve(this.#repeated(environment, key));
  }

  read(environment: bigint): Promise<StoredRuleset | undefined> {
    const stored = this.#state.environment(environment);
    return Promise.resolve(
      stored === undefined ? undefined : { ...stored, configs: this.#state.configs(environment) },
    );
  }

  version(environment: bigint): Promise<bigint | undefined> {
    return Promise.resolve(this.#state.version(environment));
  }

  environment(id: bigint): Promise<StoredEnvironment | undefined> {
    return Promise.resolve(this.#state.environment(id));
  }

  environments(): Promise<StoredEnvironment[]> {
    return Promise.resolve(this.#state.environments());
  }

  addKey(key: Key): Promise<void> {
    return this.#writer.submit(KEYS, () => {
      if (this.#state.key(key.id) !== undefined || this.#state.keyByHash(key.hash) !== undefined) {
        throw keyExists(key);
      }
      return { mutation: { type: 'key', key }, result: undefined };
    });
  }

  revokeKey(id: string, at: number): Promise<Key | undefined> {
    return this.#writer.submit<Key | undefined>(KEYS, () => {
      const key = this.#state.key(id);
      if (key === undefined || key.revokedAt !== undefined) return { result: key };
      const revoked = { ...key, revokedAt: at };
      return { mutation: { type: 'key', key: revoked }, result: revoked };
    });
  }

  keys(): Promise<Key[]> {
    return Promise.resolve(this.#state.keys().sort(byCreation));
  }

  keyByHash(hash: string): Promise<Key | undefined> {
    return Promise.resolve(this.#state.keyByHash(hash));
  }

  head(): Promise<FeedPosition> {
    return Promise.resolve(this.#feed.head);
  }

  follow(from: FeedPosition, signal: AbortSignal): AsyncIterable<FeedSignal> {
    return this.#feed.follow(from, AbortSignal.any([signal, this.#closing.signal]));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#writes.close();
    await this.#writer.close();
    await this.leadership.close();
    await this.beltLeadership.close();
    await this.#log.close();
    await this.#lock.release();
  }

  #plan(commit: Commit): WritePlan<CommitResult> {
    const { environment, idempotency } = commit;
    const before = idempotency && this.#repeated(environment, idempotency.key);
    if (before !== undefined) return { result: { kind: 'repeated', ...before } };
    const version = this.#state.version(environment);
    if (version !== commit.expect) return { result: { kind: 'conflict', version } };
    return { mutation: mutationOf(commit, this.#now() + IDEMPOTENCY_TTL), result: { kind: 'committed' } };
  }

  #repeated(environment: bigint, key: string): { digest: string; answer: string } | undefined {
    const found = this.#state.repeated(environment, key, this.#now());
    return found && { digest: found.digest, answer: found.answer };
  }

  /** First the disk, then memory: what cannot be read again after a crash was never seen. */
  async #write(mutations: readonly Mutation[]): Promise<void> {
    try {
      await this.#log.append({ sequence: this.#sequence + 1, records: mutations.map(encodeMutation) });
    } catch (error) {
      this.#writes.refused(messageOf(error));
      throw error;
    }
    this.#writes.accepted();
    for (const mutation of mutations) {
      this.#state.apply(mutation, this.#now());
      this.#feed.push(++this.#sequence, feedEntry(this.#sequence, mutation));
    }
  }
}

/** True when a file of that size can be written and synced. It is removed again. */
async function canWrite(directory: string): Promise<boolean> {
  const path = join(directory, 'log.probe');
  try {
    await writeFile(path, Buffer.alloc(PROBE_BYTES), { mode: 0o600, flush: true });
    return true;
  } finally {
    await rm(path, { force: true });
  }
}

/** What followers are told of it; nothing of a commit that only changed a name. */
function feedEntry(sequence: number, mutation: Mutation): FeedEntry | undefined {
  const position = `${sequence}`;
  if (mutation.type === 'key') return { position, kind: 'key', key: mutation.key };
  return mutation.change && { position, kind: 'change', change: mutation.change };
}
