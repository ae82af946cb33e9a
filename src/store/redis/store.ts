/* eslint max-lines: ['error', 340] -- the methods of one port, which share its commands */
/** The store in Redis (>= 6.2, or Valkey): single, behind Sentinel, or a Cluster. */
import { runInTurns } from '../../core/steps.js';
import type { Logger } from 'pino';
import { packAnswer } from '../answer.js';
import { historyLimits, type HistoryLimits, type HistoryPage, type HistoryQuery } from '../history.js';
import { keyToJson } from '../key-record.js';
import type { RedisLocation } from '../location.js';
import { OPERATOR_FORM, type OperatorRecord } from '../operators.js';
import { SESSION_FORM, type SessionRecord } from '../sessions.js';
import { CANARY_ENVIRONMENT, checkCommit, IDEMPOTENCY_BYTES, IDEMPOTENCY_TTL, keyExists } from '../rules.js';
import type {
  Commit,
  CommitResult,
  DeletedEnvironment,
  FeedSignal,
  Key,
  FeedPosition,
  Store,
  DamagedEnvironment,
  EnvironmentList,
  StoredEnvironment,
  StoredRuleset,
} from '../store.js';
import {
  commitArguments,
  idempotencyRecord,
  replyList,
  replyPairs,
  storedConfigs,
  storedKey,
  storedKeys,
  replyText,
} from './codec.js';
import {
  deletionOf,
  isDamaged,
  listedEnvironment,
  storedEnvironment,
  storedHolder,
  storedIds,
  storedVersion,
} from './environment-codec.js';
import { Commands } from './commands.js';
import { DamageLog } from './damage-log.js';
import { RedisEnvironmentNames } from './environment-names.js';
import { COMMIT, commitKeys } from './commit-script.js';
import { unexpected } from './errors.js';
import { follow } from './feed.js';
import { readRedisHistory } from './history.js';
import { RedisInbox } from './inbox.js';
import { RedisLeadership } from './leadership.js';
import { RedisAuditLog } from './audit.js';
import { RedisRecords } from './named-records.js';
import { beltNames, names } from './names.js';
import { RedisKeyUse } from './key-use.js';
import { RedisNodeReports } from './node-reports.js';
import type { WriteState } from '../write-state.js';
import type { RedisStoreOptions } from './options.js';
import { checkServer } from './server-check.js';
import {
  ADD_KEYS,
  ENVIRONMENTS,
  HEAD,
  KEYS_WITH,
  READ,
  REPEATED,
  REPLACE_KEY,
  TIME,
  READ_VERSION,
} from './scripts.js';

/**
 * The number of environments that one script reads: few enough to hold up neither Redis nor, with
 * some 12 ms for the reply, this process; 10,000 in ten round trips.
 */
const ENVIRONMENTS_PER_SCRIPT = 1_000;

/**
 * Opens the store. @throws HoldfastError `store_unavailable` when Redis cannot be reached in time
 * or is too old.
 */
export async function openRedisStore(location: RedisLocation, options: RedisStoreOptions): Promise<Store> {
  const commands = new Commands(location, options.log);
  await commands.connect(options.connectWithin ?? 10_000);
  try {
    await checkServer(commands, options.log);
  } catch (error) {
    commands.close();
    throw error;
  }
  return new RedisStore(location, commands, options);
}

class RedisStore implements Store {
  readonly leadership: RedisLeadership;
  readonly beltLeadership: RedisLeadership;
  readonly inbox: RedisInbox;
  readonly operators: RedisRecords<OperatorRecord>;
  readonly sessions: RedisRecords<SessionRecord>;
  readonly audit: RedisAuditLog;
  readonly nodeReports: RedisNodeReports;
  readonly keyUse: RedisKeyUse;
  readonly #location: RedisLocation;
  readonly #commands: Commands;
  readonly #log: Logger;
  readonly #feedLength: number;
  readonly #idempotencyBytes: number;
  readonly #history: HistoryLimits;
  readonly #closing = new AbortController();
  readonly #damage: DamageLog;
  readonly #names: RedisEnvironmentNames;
  /** The environments of which it was logged that they forget requests before their time. */
  readonly #forgetting = new Set<bigint>();

  constructor(location: RedisLocation, commands: Commands, options: RedisStoreOptions) {
    this.#location = location;
    this.#commands = commands;
    this.#log = options.log;
    this.#feedLength = options.feedLength ?? 100_000;
    this.#idempotencyBytes = options.idempotencyBytes ?? IDEMPOTENCY_BYTES;
    this.#history = options.history ?? historyLimits();
    this.#damage = new DamageLog(options.log);
    this.#names = new RedisEnvironmentNames(commands);
    const presence = { location, name: commands.name, log: options.log, closing: this.#closing.signal };
    this.leadership = new RedisLeadership(commands, names, presence);
    this.beltLeadership = new RedisLeadership(commands, beltNames, presence);
    this.operators = new RedisRecords(commands, names.operators, OPERATOR_FORM);
    this.sessions = new RedisRecords(commands, names.sessions, SESSION_FORM);
    this.audit = new RedisAuditLog(commands);
    this.nodeReports = new RedisNodeReports(commands);
    this.keyUse = new RedisKeyUse(commands);
    this.inbox = new RedisInbox(location, commands, {
      closing: this.#closing.signal,
      log: options.log,
      rejectedBytes: options.rejectedBytes,
    });
  }

  get name(): string {
    return this.#commands.name;
  }

  writable = (): WriteState => this.#commands.writes;

  async time(): Promise<bigint> {
    const [seconds, micros] = replyList(await this.#commands.read({ lua: TIME, keys: [names.head] }));
    return BigInt(replyText(seconds)) * 1_000_000n + BigInt(replyText(micros));
  }

  async commit(commit: Commit): Promise<CommitResult> {
    checkCommit(commit);
    const { environment, idempotency } = commit;
    const record = names.idempotency(environment, idempotency?.key ?? '');
    const answer = idempotency && (await packAnswer(idempotency.answer));
    const reply = await this.#commands.write({
      lua: COMMIT,
      keys: commitKeys(environment, idempotency?.key ?? ''),
      args: commitArguments(commit, answer, {
        feedLength: this.#feedLength,
        wait: this.#location.wait,
        idempotencyTtl: IDEMPOTENCY_TTL,
        idempotencyBytes: this.#idempotencyBytes,
        history: environment === CANARY_ENVIRONMENT ? historyLimits(0) : this.#history,
      }),
    });
    const [kind, value] = replyList(reply);
    switch (replyText(kind)) {
      case 'committed':
        this.#noteForgotten(environment, Number(value));
        return { kind: 'committed' };
      case 'conflict':
        return {
          kind: 'conflict',
          version: Buffer.isBuffer(value) ? storedVersion(environment, value) : undefined,
        };
      case 'named':
        return { kind: 'name_taken', environment: storedHolder(value) };
      case 'repeated':
        return { kind: 'repeated', ...(await idempotencyRecord(record, replyText(value))) };
      case 'decided':
        return { kind: 'decided' };
      case 'early':
        return { kind: 'early' };
      default:
        throw unexpected(this.name, replyText(kind));
    }
  }

  async repeated(environment: bigint, key: string): Promise<{ digest: string; answer: string } | undefined> {
    const record = names.idempotency(environment, key);
    const script = {
      lua: REPEATED,
      keys: [record, names.marker],
      args: [this.#commands.waits ? '1' : ''],
    };
    const reply = await (this.#commands.waits ? this.#commands.write(script) : this.#commands.read(script));
    return reply === null ? undefined : idempotencyRecord(record, replyText(reply));
  }

  async read(environment: bigint): Promise<StoredRuleset | undefined> {
    const keys = [names.environment(environment), names.configs(environment)];
    const reply = await this.#commands.read({ lua: READ, keys });
    if (reply === null) return undefined;
    const [settings, configs] = replyList(reply);
    return {
      ...storedEnvironment(environment, replyPairs(settings)),
      configs: await runInTurns(storedConfigs(environment, configs)),
    };
  }

  async version(environment: bigint): Promise<bigint | undefined> {
    const reply = await this.#commands.read({ lua: READ_VERSION, keys: [names.environment(environment)] });
    return reply === null ? undefined : storedVersion(environment, reply);
  }

  async environment(id: bigint): Promise<StoredEnvironment | undefined> {
    const hash = await this.#hash(id);
    const isThere = hash.size > 0 && deletionOf(id, hash) === undefined;
    return isThere ? storedEnvironment(id, hash) : undefined;
  }

  async deletion(environment: bigint): Promise<DeletedEnvironment | undefined> {
    return deletionOf(environment, await this.#hash(environment));
  }

  history(environment: bigint, query: HistoryQuery): Promise<HistoryPage> {
    return readRedisHistory(this.#commands, environment, query);
  }

  environmentsNamed(name: string): Promise<readonly bigint[]> {
    return this.#names.of(name);
  }

  async environments(): Promise<readonly StoredEnvironment[]> {
    return (await this.listEnvironments()).environments;
  }

  async listEnvironments(): Promise<EnvironmentList> {
    const { ids, damaged } = storedIds(await this.#commands.command('SMEMBERS', names.environments));
    const environments: StoredEnvironment[] = [];
    // One after the other: replies that come together are read in one turn.
    for (let i = 0; i < ids.length; i += ENVIRONMENTS_PER_SCRIPT) {
      for (const each of await this.#environments(ids.slice(i, i + ENVIRONMENTS_PER_SCRIPT))) {
        if (isDamaged(each)) damaged.push(each);
        else environments.push(each);
      }
    }
    this.#damage.note(damaged);
    return { environments, damaged };
  }

  async addKey(key: Key): Promise<void> {
    if ((await this.addMissingKeys([key])) === 0) throw keyExists(key);
  }

  async addMissingKeys(keys: readonly Key[]): Promise<number> {
    if (keys.length === 0) return 0;
    const reply = await this.#commands.write({
      lua: ADD_KEYS,
      keys: [names.keys, names.keyHashes, names.feed, names.head],
      args: [this.#feedLength, ...keys.flatMap((key) => [key.id, key.hash, keyToJson(key)])],
    });
    return Number(reply);
  }

  async revokeKey(id: string, at: number): Promise<Key | undefined> {
    for (;;) {
      const reply = await this.#commands.command('HGET', names.keys, id);
      if (reply === null) return undefined;
      const key = storedKey(id, reply);
      const revoked = key.revokedAt === undefined ? { ...key, revokedAt: at } : key;
      const replaced = await this.#commands.write({
        lua: REPLACE_KEY,
        keys: [names.keys, names.feed, names.head, names.marker],
        args: [id, replyText(reply), keyToJson(revoked), this.#feedLength, this.#commands.waits ? '1' : ''],
      });
      if (replaced === 1) return revoked;
      // Another node revoked it in between; the next round finds that.
    }
  }

  async keys(): Promise<Key[]> {
    return storedKeys(await this.#commands.command('HGETALL', names.keys));
  }

  async keysOf(environment: bigint): Promise<Key[]> {
    const args = [`"${environment}"`];
    const found = storedKeys(await this.#commands.read({ lua: KEYS_WITH, keys: [names.keys], args }));
    return found.filter((key) => key.environment === environment);
  }

  async keyByHash(hash: string): Promise<Key | undefined> {
    const id = await this.#commands.command('HGET', names.keyHashes, hash);
    if (id === null) return undefined;
    const json = await this.#commands.command('HGET', names.keys, replyText(id));
    return json === null ? undefined : storedKey(replyText(id), json);
  }

  async head(): Promise<FeedPosition> {
    return replyText(await this.#commands.read({ lua: HEAD, keys: [names.feed, names.head] }));
  }

  follow(from: FeedPosition, signal: AbortSignal): AsyncIterable<FeedSignal> {
    return follow(from, {
      location: this.#location,
      name: this.name,
      moved: this.#commands.moved,
      log: this.#log,
      signal: AbortSignal.any([signal, this.#closing.signal]),
    });
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#commands.close();
    return Promise.resolve();
  }

  /** Logs the first of an environment: with a busy producer, each of its commits forgets one. */
  #noteForgotten(environment: bigint, forgotten: number): void {
    if (forgotten === 0 || this.#forgetting.has(environment)) return;
    this.#forgetting.add(environment);
    this.#log.warn(
      { store: this.name, environment: `${environment}`, limit: this.#idempotencyBytes },
      'remembered requests of an environment take more than the limit; from now on the oldest are forgotten before their 24 hours are over',
    );
  }

  async #environments(ids: readonly bigint[]): Promise<(StoredEnvironment | DamagedEnvironment)[]> {
    const keys = ids.map((id) => names.environment(id));
    const replies = replyList(await this.#commands.read({ lua: ENVIRONMENTS, keys }));
    return ids.flatMap((id, index) => listedEnvironment(id, replyPairs(replies[index])));
  }

  async #hash(environment: bigint): Promise<Map<string, Buffer>> {
    const keys = [names.environment(environment)];
    return replyPairs(replyList(await this.#commands.read({ lua: ENVIRONMENTS, keys }))[0]);
  }
}
