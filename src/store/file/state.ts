/** The state that the log adds up to, in memory: all reads are answered from it. */
import type { EncodedConfig } from '../../ruleset/codec.js';
import { keyFromJson, keyToJson } from '../key-record.js';
import type { Environment, Key, StoredEnvironment } from '../store.js';
import { RememberedRequests } from './remembered.js';
import {
  configsFromBase64,
  decodeSettings,
  configsToBase64,
  environmentRecord,
  type Mutation,
  type Remembered,
  type SnapshotRecord,
} from './record.js';

/** The bytes of configs in a line of a snapshot: making a line is a fraction of a millisecond. */
const LINE_BYTES = 64 * 1024;

/** The approximate bytes of an environment or a key in a log, in addition to configs. */
const RECORD_BYTES = 300;

/**
 * Everything that a state holds, as of one moment, by the lines of a snapshot. Holds no bytes of
 * its own.
 */
export type StateImage = readonly ImageLine[];

type ImageLine =
  | { readonly type: 'environment'; readonly environment: StoredEnvironment }
  | { readonly type: 'configs'; readonly environment: bigint; readonly configs: readonly EncodedConfig[] }
  | { readonly type: 'idempotency'; readonly environment: bigint; readonly idempotency: Remembered }
  | { readonly type: 'key'; readonly key: Key };

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
  #configBytes = 0;
  readonly #requests = new RememberedRequests();

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
    return this.#requests.get(environment, key, now);
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
        this.#requests.add(environment, record.idempotency, now);
        break;
    }
  }

  /** The approximate size of a log that holds just this, in bytes. */
  size(): number {
    const records = this.#environments.size + this.#keys.size;
    return this.#configBytes * BASE64 + records * RECORD_BYTES + this.#requests.size(RECORD_BYTES);
  }

  /** Lists what a snapshot will hold, in one turn. Later mutations do not change it. */
  image(now: number): StateImage {
    const image: ImageLine[] = [];
    for (const environment of this.environments()) {
      image.push({ type: 'environment', environment });
      for (const configs of groups(this.#environments.get(environment.id)?.configs.values() ?? [])) {
        image.push({ type: 'configs', environment: environment.id, configs });
      }
    }
    for (const key of this.#keys.values()) image.push({ type: 'key', key });
    for (const { environment, remembered } of this.#requests.all()) {
      if (remembered.until > now) image.push({ type: 'idempotency', environment, idempotency: remembered });
    }
    return image;
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
    if (commit.idempotency !== undefined) this.#requests.add(id, commit.idempotency, now);
  }

  #setConfigs(environment: bigint, configs: readonly EncodedConfig[]): void {
    const state = this.#environments.get(environment);
    if (state === undefined) throw new Error(`configs of an unknown environment ${environment}`);
    for (const config of configs) {
      this.#configBytes += config.bytes.length - (state.configs.get(config.key)?.bytes.length ?? 0);
      state.configs.set(config.key, config);
    }
  }

  #setKey(key: Key): void {
    this.#keys.set(key.id, key);
    this.#keyIds.set(key.hash, key.id);
  }
}

/** Writes a line of an image as the record that a log holds. */
export function recordOf(line: ImageLine): SnapshotRecord {
  switch (line.type) {
    case 'environment':
      return environmentRecord(line.environment);
    case 'configs':
      return {
        type: 'configs',
        environment: `${line.environment}`,
        configs: configsToBase64(line.configs),
      };
    case 'key':
      return { type: 'key', key: keyToJson(line.key) };
    case 'idempotency':
      return {
        type: 'idempotency',
        environment: `${line.environment}`,
        idempotency: line.idempotency,
      };
  }
}

/** Cuts configs into groups of a line each. */
function groups(configs: Iterable<EncodedConfig>): EncodedConfig[][] {
  const all: EncodedConfig[][] = [];
  let bytes = LINE_BYTES;
  for (const config of configs) {
    if (bytes >= LINE_BYTES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(config);
    bytes += config.bytes.length;
  }
  return all;
}
