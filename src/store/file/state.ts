/** The state that the log adds up to, in memory: all reads are answered from it. */
import type { EncodedConfig } from '../../ruleset/codec.js';
import { keyFromJson, keyToJson } from '../key-record.js';
import type { Environment, Key, StoredEnvironment } from '../store.js';
import {
  configsFromBase64,
  decodeSettings,
  configsToBase64,
  environmentRecord,
  type Mutation,
  type Remembered,
  type SnapshotRecord,
} from './record.js';

/** Configs per line of a snapshot: lines of some hundred kilobytes. */
const CONFIGS_PER_LINE = 500;

/** Characters of base64 per byte. */
const BASE64 = 4 / 3;

interface EnvironmentState {
  settings: Environment;
  version: bigint;
  clientVersion: bigint;
  at: bigint;
  live: number;
  readonly configs: Map<string, EncodedConfig>;
}

/**
 * FileState holds environments, configs, keys and remembered requests, and applies mutations to
 * them.
 */
export class FileState {
  readonly #environments = new Map<bigint, EnvironmentState>();
  readonly #keys = new Map<string, Key>();
  readonly #keyIds = new Map<string, string>();
  /** In order of expiry, because each lives equally long. */
  readonly #idempotency = new Map<string, { environment: bigint; remembered: Remembered }>();

  version(environment: bigint): bigint | undefined {
    return this.#environments.get(environment)?.version;
  }

  environment(id: bigint): StoredEnvironment | undefined {
    const state = this.#environments.get(id);
    if (state === undefined) return undefined;
    const { settings, version, clientVersion, at, live } = state;
    return { ...settings, version, clientVersion, at, live };
  }

  environments(): StoredEnvironment[] {
    const ids = [...this.#environments.keys()].sort((a, b) => (a < b ? -1 : 1));
    return ids.flatMap((id) => this.environment(id) ?? []);
  }

  configs(environment: bigint): EncodedConfig[] {
    return [...(this.#environments.get(environment)?.configs.values() ?? [])];
  }

  key(id: string): Key | undefined {
    return this.#keys.get(id);
  }

  keyByHash(hash: string): Key | undefined {
    const id = this.#keyIds.get(hash);
    return id === undefined ? undefined : this.#keys.get(id);
  }

  keys(): Key[] {
    return [...this.#keys.values()];
  }

  repeated(environment: bigint, key: string, now: number): Remembered | undefined {
    const found = this.#idempotency.get(idempotencyName(environment, key))?.remembered;
    return found !== undefined && found.until > now ? found : undefined;
  }

  /** The time of the newest change: microseconds since 1970. */
  newest(): bigint {
    let newest = 0n;
    for (const { at } of this.#environments.values()) if (at > newest) newest = at;
    return newest;
  }

  /** Applies a mutation. @throws, with nothing changed, when it does not follow what is there. */
  apply(mutation: Mutation, now: number): void {
    if (mutation.type === 'key') this.#setKey(mutation.key);
    else this.#commit(mutation, now);
  }

  /**
   * Applies a line of a snapshot. @throws when the record is not of a snapshot, or not in its place
   * in it.
   */
  restore(record: SnapshotRecord, now: number): void {
    const environment = record.type === 'key' ? 0n : BigInt(record.environment);
    switch (record.type) {
      case 'key':
        this.#setKey(keyFromJson(record.key));
        break;
      case 'environment':
        this.#environments.set(environment, {
          settings: decodeSettings(environment, record.settings),
          version: BigInt(record.version),
          clientVersion: BigInt(record.clientVersion ?? record.version),
          at: BigInt(record.at),
          live: record.live,
          configs: new Map<string, EncodedConfig>(),
        });
        break;
      case 'configs':
        this.#setConfigs(environment, configsFromBase64(record.configs));
        break;
      case 'idempotency':
        this.#remember(environment, record.idempotency, now);
        break;
    }
  }

  /** The approximate size of a log that holds just this, in bytes. */
  size(): number {
    let size = 0;
    for (const { configs } of this.#environments.values()) {
      size += 300;
      for (const config of configs.values()) size += config.bytes.length * BASE64;
    }
    for (const { remembered } of this.#idempotency.values()) size += 200 + remembered.answer.length;
    return size + this.#keys.size * 300;
  }

  *snapshot(now: number): Generator<SnapshotRecord, void, void> {
    for (const environment of this.environments()) {
      yield environmentRecord(environment);
      const configs = this.configs(environment.id);
      for (let i = 0; i < configs.length; i += CONFIGS_PER_LINE) {
        const line = configsToBase64(configs.slice(i, i + CONFIGS_PER_LINE));
        yield { type: 'configs', environment: `${environment.id}`, configs: line };
      }
    }
    for (const key of this.#keys.values()) yield { type: 'key', key: keyToJson(key) };
    for (const { environment, remembered } of this.#idempotency.values()) {
      if (remembered.until > now) {
        yield { type: 'idempotency', environment: `${environment}`, idempotency: remembered };
      }
    }
  }

  #commit(commit: Extract<Mutation, { type: 'commit' }>, now: number): void {
    const { environment: id, change, live } = commit;
    const state = this.#environments.get(id);
    const settings = commit.settings ?? state?.settings;
    if (settings === undefined) throw new Error(`environment ${id} has no settings`);
    if (change !== undefined && change.previous !== (state?.version ?? 0n)) {
      throw new Error(`a change of environment ${id} does not follow its version`);
    }
    this.#environments.set(id, {
      settings,
      version: change?.version ?? state?.version ?? 0n,
      clientVersion: change?.clientVersion ?? state?.clientVersion ?? 0n,
      at: change?.at ?? state?.at ?? 0n,
      live,
      configs: state?.configs ?? new Map<string, EncodedConfig>(),
    });
    if (change !== undefined) this.#setConfigs(id, change.configs);
    if (commit.idempotency !== undefined) this.#remember(id, commit.idempotency, now);
  }

  #setConfigs(environment: bigint, configs: readonly EncodedConfig[]): void {
    const state = this.#environments.get(environment);
    if (state === undefined) throw new Error(`configs of an unknown environment ${environment}`);
    for (const config of configs) state.configs.set(config.key, config);
  }

  #setKey(key: Key): void {
    this.#keys.set(key.id, key);
    this.#keyIds.set(key.hash, key.id);
  }

  #remember(environment: bigint, remembered: Remembered, now: number): void {
    for (const [name, { remembered: oldest }] of this.#idempotency) {
      if (oldest.until > now) break;
      this.#idempotency.delete(name);
    }
    const name = idempotencyName(environment, remembered.key);
    this.#idempotency.delete(name);
    this.#idempotency.set(name, { environment, remembered });
  }
}

function idempotencyName(environment: bigint, key: string): string {
  return `${environment}/${key}`;
}
