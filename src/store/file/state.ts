/** The state that the log adds up to, in memory: all reads are answered from it. */
import type { Steps } from '../../core/steps.js';
import type { EncodedConfig } from '../../ruleset/codec.js';
import { keyFromJson } from '../key-record.js';
import { CANARY_ENVIRONMENT } from '../rules.js';
import type { DeletedEnvironment, Environment, Key, StoredEnvironment } from '../store.js';
import { configsFromBase64, decodeSettings } from './encoding.js';
import { lineGroups, type ImageLine, type StateImage } from './image.js';
import type { Mutation, Remembered, SnapshotRecord } from './record.js';
import { RememberedRequests } from './remembered.js';

/** The approximate bytes of an environment or a key in a log, in addition to configs. */
const RECORD_BYTES = 300;

/** The environments that one step lists: less than 1 ms. */
const ENVIRONMENTS_PER_STEP = 128;

/** Characters of base64 per byte. */
const BASE64 = 4 / 3;

interface EnvironmentState {
  settings: Environment;
  version: bigint;
  clientVersion: bigint;
  at: bigint;
  live: number;
  /** True from its deletion until it is created again. */
  deleted: boolean;
  readonly configs: Map<string, EncodedConfig>;
}

/**
 * FileState holds environments, configs, keys and remembered requests, and applies mutations to
 * them.
 */
export class FileState {
  readonly #environments = new Map<bigint, EnvironmentState>();
  /** The environments of each name, deleted ones left out. */
  readonly #byName = new Map<string, Set<bigint>>();
  readonly #keys = new Map<string, Key>();
  readonly #keyIds = new Map<string, string>();
  readonly #keysOf = new Map<bigint, Map<string, Key>>();
  #configBytes = 0;
  readonly #requests = new RememberedRequests();

  /** The version of an environment, deleted ones included: the one that a commit must expect. */
  reached(environment: bigint): bigint | undefined {
    return this.#environments.get(environment)?.version;
  }

  version(environment: bigint): bigint | undefined {
    return this.#existing(environment)?.version;
  }

  environment(id: bigint): StoredEnvironment | undefined {
    const state = this.#existing(id);
    return state && storedOf(state);
  }

  /** Lists the environments, ascending, each as it is when its step comes. */
  *environments(): Steps<StoredEnvironment[]> {
    const listed: StoredEnvironment[] = [];
    for (const [i, id] of this.#ids().entries()) {
      const stored = id === CANARY_ENVIRONMENT ? undefined : this.environment(id);
      if (stored !== undefined) listed.push(stored);
      if (i % ENVIRONMENTS_PER_STEP === 0) yield;
    }
    return listed;
  }

  /** The environments that have a name, ascending. */
  named(name: string): bigint[] {
    const ids = [...(this.#byName.get(name) ?? [])];
    return ids.filter((id) => id !== CANARY_ENVIRONMENT).sort((a, b) => (a < b ? -1 : 1));
  }

  /** The other environment that has the name of these settings, unless their environment has it too. */
  nameHolder(settings: Environment | undefined): bigint | undefined {
    if (settings === undefined || this.#existing(settings.id)?.settings.name === settings.name)
      return undefined;
    for (const id of this.#byName.get(settings.name) ?? []) if (id !== settings.id) return id;
    return undefined;
  }

  deletion(id: bigint): DeletedEnvironment | undefined {
    const state = this.#environments.get(id);
    return state?.deleted === true ? { id, version: state.version, at: state.at } : undefined;
  }

  configs(environment: bigint): EncodedConfig[] {
    return [...(this.#environments.get(environment)?.configs.values() ?? [])];
  }

  /** The configs of these keys that the environment has. */
  configsOf(environment: bigint, keys: readonly string[]): EncodedConfig[] {
    const configs = this.#environments.get(environment)?.configs;
    return keys.flatMap((key) => configs?.get(key) ?? []);
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

  /** The keys of an environment. */
  keysOf(environment: bigint): Key[] {
    return [...(this.#keysOf.get(environment)?.values() ?? [])];
  }

  repeated(environment: bigint, key: string, now: number): Remembered | undefined {
    return this.#requests.get(environment, key, now);
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
        this.#setEnvironment(environment, {
          settings: decodeSettings(environment, record.settings),
          version: BigInt(record.version),
          clientVersion: BigInt(record.clientVersion ?? record.version),
          at: BigInt(record.at),
          live: record.live,
          deleted: record.deleted === true,
          configs: new Map<string, EncodedConfig>(),
        });
        break;
      case 'configs':
        this.#setConfigs(environment, configsFromBase64(record.configs));
        break;
      case 'idempotency':
        this.#requests.add(environment, record.idempotency, now);
        break;
      case 'history': // it stays in the log; see HistoryIndex
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
    for (const id of this.#ids()) {
      const state = this.#environments.get(id);
      if (state === undefined) continue;
      image.push({ type: 'environment', environment: storedOf(state), deleted: state.deleted });
      for (const configs of lineGroups(state.configs.values())) {
        image.push({ type: 'configs', environment: id, configs });
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
    const given = commit.settings ?? state?.settings;
    const deletes = change?.deletes === true;
    const settings = deletes && given !== undefined ? bareSettings(given) : given;
    if (settings === undefined) throw new Error(`environment ${id} has no settings`);
    if (change !== undefined && change.previous !== (state?.version ?? 0n)) {
      throw new Error(`a change of environment ${id} does not follow its version`);
    }
    this.#setEnvironment(id, {
      settings,
      version: change?.version ?? state?.version ?? 0n,
      clientVersion: change?.clientVersion ?? state?.clientVersion ?? 0n,
      at: change?.at ?? state?.at ?? 0n,
      live,
      deleted: deletes || (change === undefined && state?.deleted === true),
      configs: state?.configs ?? new Map<string, EncodedConfig>(),
    });
    if (change !== undefined) this.#setConfigs(id, change.configs);
    if (commit.idempotency !== undefined) this.#requests.add(id, commit.idempotency, now);
  }

  #setEnvironment(id: bigint, state: EnvironmentState): void {
    const before = this.#existing(id)?.settings.name;
    this.#environments.set(id, state);
    const after = state.deleted ? undefined : state.settings.name;
    if (before === after) return;
    const others = before === undefined ? undefined : this.#byName.get(before);
    if (before !== undefined && others?.delete(id) === true && others.size === 0) this.#byName.delete(before);
    if (after !== undefined) this.#byName.set(after, (this.#byName.get(after) ?? new Set()).add(id));
  }

  #existing(id: bigint): EnvironmentState | undefined {
    const state = this.#environments.get(id);
    return state?.deleted === true ? undefined : state;
  }

  /** All environments, deleted ones included, ascending. */
  #ids(): bigint[] {
    return [...this.#environments.keys()].sort((a, b) => (a < b ? -1 : 1));
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
    const ofEnvironment = this.#keysOf.get(key.environment) ?? new Map<string, Key>();
    this.#keysOf.set(key.environment, ofEnvironment.set(key.id, key));
  }
}

function storedOf({ settings, version, clientVersion, at, live }: EnvironmentState): StoredEnvironment {
  return { ...settings, version, clientVersion, at, live };
}

/** The settings that a deleted environment keeps. */
function bareSettings({ id, projectId }: Environment): Environment {
  return { id, projectId, name: '' };
}
