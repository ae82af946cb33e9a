/**
 * The loader: reads environments from the store into memory, one read per environment at a time, and compares each with the ruleset that
 * was in memory before. replica.ts has the race between a load and the feed.
 */
import type { Logger } from 'pino';
import { encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { Ruleset, type Change } from '../ruleset/ruleset.js';
import type { Store } from '../store/store.js';
import type { ReplicaMemory } from './memory.js';

/** The parts of a loader; replica.ts describes the callbacks. */
export interface LoaderOptions {
  readonly store: Store;
  readonly memory: ReplicaMemory;
  readonly log: Logger;
  readonly onDataLost: (environment: bigint, ours: bigint, stores: bigint) => void;
  readonly heal: (stored: Ruleset, lost: readonly EncodedConfig[]) => Promise<void>;
}

interface Loading {
  readonly promise: Promise<Ruleset | undefined>;
  /** Changes that the feed brought in the meantime. */
  readonly arrived: Change[];
}

/** Reads environments from the store into the replica's memory. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #memory: ReplicaMemory;
  readonly #loading = new Map<bigint, Loading>();

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  /** True while the environment is being read. */
  isLoading(environment: bigint): boolean {
    return this.#loading.has(environment);
  }

  /** The environments that are being read. */
  get loading(): Iterable<bigint> {
    return this.#loading.keys();
  }

  /** Offers a change to a load that is under way, which may have read an older state. */
  offer(change: Change): void {
    this.#loading.get(change.environment)?.arrived.push(change);
  }

  /** Reads the environment again. A read that is under way does not count: it may have seen less. */
  async reload(environment: bigint): Promise<Ruleset | undefined> {
    // It must not be dropped before the read begins, which compares with the present ruleset.
    if (this.#memory.rulesets.has(environment)) this.#memory.use(environment);
    await this.#loading.get(environment)?.promise.catch(() => undefined);
    return this.load(environment);
  }

  /** Loads the environment, or joins a load that is under way. `undefined`: the store does not have it. */
  load(environment: bigint): Promise<Ruleset | undefined> {
    const running = this.#loading.get(environment);
    if (running !== undefined) return running.promise;
    const arrived: Change[] = [];
    const promise = this.#read(environment, arrived).finally(() => this.#loading.delete(environment));
    this.#loading.set(environment, { promise, arrived });
    return promise;
  }

  async #read(environment: bigint, arrived: readonly Change[]): Promise<Ruleset | undefined> {
    const stored = await this.#options.store.read(environment);
    const before = this.#memory.rulesets.get(environment);
    if (stored === undefined) return this.#lost(environment, before);
    this.#memory.missing.delete(environment);
    this.#memory.names.set(environment, stored.name);
    const ruleset = await Ruleset.load({ ...stored, environment, envelope: encodeEnvelope(stored) });
    for (const change of arrived) {
      if (change.previous === ruleset.version) ruleset.apply(change);
    }
    if (before !== undefined) {
      const lost = lostBy(ruleset, before);
      if (lost.length > 0) return await this.#recommit(ruleset, before, lost);
    }
    this.#memory.rulesets.set(environment, ruleset);
    if (before === undefined) this.#memory.use(environment);
    if (before !== undefined && isOther(ruleset, before)) this.#memory.listeners.tell(ruleset);
    return ruleset;
  }

  /** Ours stays in place until the store has it again. Rejects when that could not be done; then it is tried again. */
  async #recommit(stored: Ruleset, ours: Ruleset, lost: readonly EncodedConfig[]): Promise<Ruleset> {
    const environment = ours.environment;
    this.#options.log.error(
      {
        environment: `${environment}`,
        ours: `${ours.version}`,
        store: `${stored.version}`,
        configs: lost.length,
      },
      'the store lost writes that this node has; committing them again',
    );
    this.#options.onDataLost(environment, ours.version, stored.version);
    this.#memory.stale.add(environment);
    await this.#options.heal(stored, lost);
    return ours;
  }

  /** An environment that the store no longer knows: what we have is the best copy there is, so it stays. */
  #lost(environment: bigint, before: Ruleset | undefined): Ruleset | undefined {
    if (before !== undefined) {
      this.#memory.missing.add(environment);
      this.#options.log.error(
        { environment: `${environment}`, ours: `${before.version}` },
        'the store lost an environment; ours is kept, and `holdfast restore` writes it back',
      );
      this.#options.onDataLost(environment, before.version, 0n);
    }
    return before;
  }
}

/** Several lost changes that were committed again as one can end at the version that this node had and at another client version. */
function isOther(ruleset: Ruleset, before: Ruleset): boolean {
  return ruleset.version !== before.version || ruleset.clientVersion !== before.clientVersion;
}

/** The configs of `ours` that `stored` lacks or has in an older state: for each key the higher id is the newer state. */
function lostBy(stored: Ruleset, ours: Ruleset): EncodedConfig[] {
  return [...ours.configs()].filter((config) => (stored.get(config.key)?.id ?? 0n) < config.id);
}
