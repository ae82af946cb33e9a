/* eslint max-lines: ['error', 310] -- the methods of one port */
/**
 * The embedded store: a directory, one process, nothing to install. All data is in memory; the log
 * makes it last, and is compacted in the background.
 */
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import { runSoon } from '../../core/steps.js';
import { turnFor } from '../../core/turns.js';
import { packAnswer, unpackAnswer } from '../answer.js';
import type { HistoryPage, HistoryQuery } from '../history.js';
import { storeName } from '../location.js';
import type { OperatorRecord } from '../operators.js';
import type { SessionRecord } from '../sessions.js';
import { byCreation, checkCommit, IDEMPOTENCY_TTL, keyExists } from '../rules.js';
import type {
  Commit,
  CommitResult,
  DeletedEnvironment,
  EnvironmentList,
  FeedSignal,
  Key,
  FeedPosition,
  Store,
  StoredEnvironment,
  StoredRuleset,
} from '../store.js';
import { WriteMonitor, type WriteState } from '../write-state.js';
import { compact } from './compaction.js';
import { feedEntryOf, type Feed } from './feed.js';
import type { FileLeadership } from './leadership.js';
import { noteHistory, type HistoryIndex } from './history-index.js';
import { historyNoteOf } from './history-note.js';
import { readFileHistory } from './history-reader.js';
import type { FileAuditLog } from './audit.js';
import type { Lock } from './lock.js';
import type { Log } from './log.js';
import type { FileRecords } from './named-records.js';
import type { FileKeyUse } from './key-use.js';
import { FileNodeReports } from './node-reports.js';
import { configsIn, encodeMutation, mutationOf, type Mutation } from './record.js';
import type { LogLine } from './replay.js';
import type { FileStoreParts } from './parts.js';
import { canWrite } from './probe.js';
import type { FileState } from './state.js';
import { KEY_BYTES, keySubject, subjectsOf, Writer, type WritePlan } from './writer.js';

/** The pause after a compaction that failed, milliseconds. */
const COMPACT_AGAIN = 10_000;

/** FileStore answers reads from memory, and appends each write to the log before it is visible. */
export class FileStore implements Store {
  readonly name: string;
  readonly leadership: FileLeadership;
  readonly beltLeadership: FileLeadership;
  readonly operators: FileRecords<OperatorRecord>;
  readonly sessions: FileRecords<SessionRecord>;
  readonly audit: FileAuditLog;
  readonly nodeReports: FileNodeReports;
  readonly keyUse: FileKeyUse;
  /** One process has the directory, so no other system can add events to it. */
  readonly inbox = undefined;
  readonly #lock: Lock;
  readonly #log: Log;
  readonly #state: FileState;
  readonly #feed: Feed;
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #writes: WriteMonitor;
  readonly #logger: Logger;
  readonly #compactAbove: number;
  readonly #history: HistoryIndex;
  readonly #closing = new AbortController();
  #compaction: Promise<void> | undefined;
  /** No compaction before that, milliseconds since 1970. */
  #compactFrom = 0;
  #sequence: number;

  constructor(parts: FileStoreParts) {
    this.name = storeName({ kind: 'file', directory: parts.directory });
    this.leadership = parts.leadership;
    this.beltLeadership = parts.beltLeadership;
    this.operators = parts.operators;
    this.sessions = parts.sessions;
    this.audit = parts.audit;
    this.keyUse = parts.keyUse;
    this.nodeReports = new FileNodeReports(parts.now);
    this.#lock = parts.lock;
    this.#log = parts.log;
    this.#state = parts.state;
    this.#feed = parts.feed;
    this.#sequence = parts.sequence;
    this.#now = parts.now;
    this.#writer = new Writer(parts.log.path, (mutations) => this.#write(mutations));
    this.#writes = new WriteMonitor({
      name: this.name,
      log: parts.logger,
      now: parts.now,
      probe: () => canWrite(parts.log, parts.directory),
    });
    this.#logger = parts.logger;
    this.#compactAbove = parts.compactAbove;
    this.#history = parts.history;
    this.#compactIfDue();
  }

  writable(): WriteState {
    return this.#writes.state;
  }

  /**
   * The time of the machine, also when it goes back: ids go on above the last ones then (nextId). A
   * time that never went back would stay years ahead after a clock was so once, and expire keys.
   */
  time(): Promise<bigint> {
    return Promise.resolve(BigInt(Math.floor(this.#now())) * 1000n);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    const { environment, change, idempotency } = commit;
    const bytes = change?.configs.reduce((sum, config) => sum + config.bytes.length, 0) ?? 0;
    const packed: Commit =
      idempotency === undefined
        ? commit
        : { ...commit, idempotency: { ...idempotency, answer: await packAnswer(idempotency.answer) } };
    // A name must be new among all environments, so the writes of one follow each other.
    const { name } = commit.settings ?? {};
    const subjects = [`${environment}`, ...(name === undefined ? [] : [`name ${name}`])];
    const result = await this.#writer.submit(subjects, () => ({ bytes, ...this.#plan(packed) }));
    return result.kind === 'repeated' ? { ...result, answer: await unpackAnswer(result.answer) } : result;
  }

  async repeated(environment: bigint, key: string): Promise<{ digest: string; answer: string } | undefined> {
    const found = this.#repeated(environment, key);
    return found && { ...found, answer: await unpackAnswer(found.answer) };
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

  environments(): Promise<readonly StoredEnvironment[]> {
    return runSoon(this.#state.environments());
  }

  environmentsNamed(name: string): Promise<readonly bigint[]> {
    return Promise.resolve(this.#state.named(name));
  }

  /** None is damaged: a log that cannot be read is not opened. */
  async listEnvironments(): Promise<EnvironmentList> {
    return { environments: await this.environments(), damaged: [] };
  }

  deletion(environment: bigint): Promise<DeletedEnvironment | undefined> {
    return Promise.resolve(this.#state.deletion(environment));
  }

  history(environment: bigint, query: HistoryQuery): Promise<HistoryPage> {
    return readFileHistory({ log: this.#log, index: this.#history }, environment, query);
  }

  async addKey(key: Key): Promise<void> {
    if ((await this.addMissingKeys([key])) === 0) throw keyExists(key);
  }

  async addMissingKeys(keys: readonly Key[]): Promise<number> {
    const state = this.#state;
    const isNew = ({ id, hash }: Key) => state.key(id) === undefined && state.keyByHash(hash) === undefined;
    const add = (key: Key) => () =>
      isNew(key) ? { mutation: { type: 'key' as const, key }, bytes: KEY_BYTES, result: 1 } : { result: 0 };
    const added = await Promise.all(
      keys.map((key) => this.#writer.submit<number>(subjectsOf(key), add(key))),
    );
    return added.reduce((sum, each) => sum + each, 0);
  }

  revokeKey(id: string, at: number): Promise<Key | undefined> {
    return this.#writer.submit<Key | undefined>([keySubject(id)], () => {
      const key = this.#state.key(id);
      if (key === undefined || key.revokedAt !== undefined) return { result: key };
      const revoked = { ...key, revokedAt: at };
      return { mutation: { type: 'key', key: revoked }, result: revoked };
    });
  }

  keys(): Promise<Key[]> {
    return Promise.resolve(this.#state.keys().sort(byCreation));
  }

  keysOf(environment: bigint): Promise<Key[]> {
    return Promise.resolve(this.#state.keysOf(environment).sort(byCreation));
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
    await this.#compaction;
    await this.#writer.close();
    await Promise.all([this.leadership.close(), this.beltLeadership.close()]);
    await Promise.all([this.operators.close(), this.sessions.close(), this.keyUse.close()]);
    await this.audit.close();
    await this.#log.close();
    await this.#lock.release();
  }

  #plan(commit: Commit): WritePlan<CommitResult> {
    const { environment, idempotency } = commit;
    const before = idempotency && this.#repeated(environment, idempotency.key);
    if (before !== undefined) return { result: { kind: 'repeated', ...before } };
    const version = this.#state.reached(environment);
    const name = commit.expectName === undefined ? undefined : this.#state.environment(environment)?.name;
    if (version !== commit.expect || name !== commit.expectName)
      return { result: { kind: 'conflict', version } };
    const holder = commit.isNameUnique === true ? this.#state.nameHolder(commit.settings) : undefined;
    if (holder !== undefined) return { result: { kind: 'name_taken', environment: holder } };
    const until = this.#now() + IDEMPOTENCY_TTL;
    const note = historyNoteOf(commit, { state: this.#state, index: this.#history, now: this.#now });
    return { mutation: mutationOf(commit, until, note), result: { kind: 'committed' } };
  }

  #repeated(environment: bigint, key: string): { digest: string; answer: string } | undefined {
    const found = this.#state.repeated(environment, key, this.#now());
    return found && { digest: found.digest, answer: found.answer };
  }

  /** Notes that another process took the directory over: this one can only serve what it has. */
  lose(error: Error): void {
    this.#writes.refused(messageOf(error));
  }

  /** First the disk, then memory: what cannot be read again after a crash was never seen. */
  async #write(mutations: readonly Mutation[]): Promise<void> {
    let line: LogLine;
    await turnFor(configsIn(mutations));
    try {
      const records = mutations.map(encodeMutation);
      line = await this.#log.append({ sequence: this.#sequence + 1, records });
    } catch (error) {
      this.#writes.refused(messageOf(error));
      throw error;
    }
    this.#writes.accepted();
    for (const mutation of mutations) {
      this.#state.apply(mutation, this.#now());
      noteHistory(this.#history, mutation, line);
      this.#feed.push(++this.#sequence, feedEntryOf(this.#sequence, mutation));
    }
    this.#compactIfDue();
  }

  /** Called between two batches, when log and state say the same. */
  #compactIfDue(): void {
    const live = this.#state.size() + this.#history.size;
    const isDue = this.#log.size > 2 * live + this.#compactAbove;
    if (!isDue || this.#compaction !== undefined || this.#closing.signal.aborted) return;
    if (this.#now() < this.#compactFrom) return;
    const before = this.#log.size;
    const input = {
      log: this.#log,
      image: this.#state.image(this.#now()),
      history: this.#history,
      histories: this.#history.image(),
      sequence: this.#sequence,
      offset: before,
      name: `log.${this.#lock.token}.new`,
      signal: this.#closing.signal,
    };
    const file = this.#log.path;
    this.#compaction = compact(input)
      .then(() => this.#logger.debug({ file, before, after: this.#log.size }, 'log compacted'))
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        this.#compactFrom = this.#now() + COMPACT_AGAIN;
        this.#logger.warn(
          { file, error: messageOf(error) },
          'the log could not be compacted; it is tried again',
        );
      })
      .finally(() => (this.#compaction = undefined));
  }
}
