/**
 * The loader: reads environments from the store into memory, one read per environment at a time,
 * and compares each with the ruleset that was in memory before. replica.ts has the race between a
 * load and the feed.
 */
import type { Logger } from 'pino';
import { HoldfastError } from '../core/errors.js';
import { encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { Ruleset, type Change } from '../ruleset/ruleset.js';
import { CANARY_ENVIRONMENT } from '../store/rules.js';
import type { Store } from '../store/store.js';
import type { ReplicaMemory } from './memory.js';
import type { HealingOutcome, LostWrites, ReplicaOptions } from './options.js';

/** The parts of a loader; replica.ts describes the callbacks. */
export interface LoaderOptions {
  readonly store: Store;
  readonly memory: ReplicaMemory;
  readonly log: Logger;
  readonly onDataLost: (environment: bigint, ours: bigint, stores: bigint) => void;
  readonly heal: ReplicaOptions['heal'];
}

/**
 * Reads and commits in a row, when others change the environment while it is healed; then the
 * feed's next signal goes on.
 */
const HEAL_ATTEMPTS = 20;

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

  /**
   * Reads the environment again. A read that is under way does not count: it may have seen less.
   */
  async reload(environment: bigint): Promise<Ruleset | undefined> {
    // It must not be dropped before the read begins, which compares with the present ruleset.
    if (this.#memory.rulesets.has(environment)) this.#memory.use(environment);
    await this.#loading.get(environment)?.promise.catch(() => undefined);
    return this.load(environment);
  }

  /**
   * Loads the environment, or joins a load that is under way. `undefined`: the store does not have
   * it.
   */
  load(environment: bigint): Promise<Ruleset | undefined> {
    // No client, commit or answer is of it.
    if (environment === CANARY_ENVIRONMENT) return Promise.resolve(undefined);
    const running = this.#loading.get(environment);
    if (running !== undefined) return running.promise;
    const arrived: Change[] = [];
    const promise = this.#read(environment, arrived).finally(() => this.#loading.delete(environment));
    this.#loading.set(environment, { promise, arrived });
    return promise;
  }

  async #read(environment: bigint, arrived: readonly Change[]): Promise<Ruleset | undefined> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#options.store.read(environment);
      const before = this.#memory.rulesets.get(environment);
      if (stored === undefined) return this.#absent(environment, before);
      this.#memory.missing.delete(environment);
      this.#memory.names.set(environment, stored.name);
      const ruleset = await Ruleset.load({ ...stored, environment, envelope: encodeEnvelope(stored) });
      let deleted = false;
      for (const change of arrived) {
        if (change.previous !== ruleset.version) continue;
        ruleset.apply(change);
        deleted = change.deletes === true;
      }
      if (deleted) return this.#absent(environment, before);
      if (before === undefined) return this.#place(ruleset, before);
      const configs = lostBy(ruleset, before);
      const isContextLost = hasLostContext(ruleset, before);
      if (configs.length === 0 && !isContextLost) return this.#place(ruleset, before);
      const lost = { stored: ruleset, ours: before, configs, isContextLost, name: stored.name };
      const outcome = await this.#heal(lost, attempt);
      if (outcome === 'abandoned') return this.#place(ruleset, before);
    }
  }

  #place(ruleset: Ruleset, before: Ruleset | undefined): Ruleset {
    const { environment } = ruleset;
    this.#memory.rulesets.set(environment, ruleset);
    this.#memory.recovering.delete(environment);
    if (before === undefined) this.#memory.use(environment);
    else if (isOther(ruleset, before)) this.#memory.listeners.tell(ruleset);
    return ruleset;
  }

  /**
   * Ours stays in place until the store has what it lost. Rejects when that could not be done: the
   * environment is stale until then, so that each signal of the feed tries again.
   *
   * @returns `raced`: another commit was first, and the store is to be read again
   */
  async #heal(lost: LostWrites, attempt: number): Promise<HealingOutcome | 'raced'> {
    const { environment, version } = lost.ours;
    if (!this.#memory.recovering.has(environment)) {
      this.#memory.recovering.add(environment);
      this.#options.log.error(
        {
          environment: `${environment}`,
          ours: `${version}`,
          store: `${lost.stored.version}`,
          configs: lost.configs.length,
          ...(lost.isContextLost ? { defaultContext: true } : {}),
        },
        'the store lost writes that this node has; committing them again',
      );
      this.#options.onDataLost(environment, version, lost.stored.version);
    }
    this.#memory.stale.add(environment);
    try {
      const outcome = await this.#options.heal(lost);
      if (outcome === 'committed' && attempt >= HEAL_ATTEMPTS) throw stillLost(environment);
      return outcome;
    } catch (error) {
      const isRace = error instanceof HoldfastError && error.code === 'busy';
      if (isRace && attempt < HEAL_ATTEMPTS) return 'raced';
      throw error;
    }
  }

  /** An environment that the store does not have: never, no longer, or because it lost it. */
  async #absent(environment: bigint, before: Ruleset | undefined): Promise<Ruleset | undefined> {
    if (before === undefined) return undefined;
    const deletion = await this.#options.store.deletion(environment);
    if (deletion === undefined || deletion.version < before.version) return this.#lost(environment, before);
    this.#memory.forget(environment);
    return undefined;
  }

  /**
   * An environment that the store no longer knows: what we have is the best copy there is, so it
   * stays.
   */
  #lost(environment: bigint, before: Ruleset | undefined): Ruleset | undefined {
    if (before !== undefined && !this.#memory.missing.has(environment)) {
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

function stillLost(environment: bigint): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `the store loses writes of environment ${environment} as often as they are committed again`,
  );
}

/**
 * Several lost changes that were committed again as one can end at the version that this node had
 * and at another client version.
 */
function isOther(ruleset: Ruleset, before: Ruleset): boolean {
  return ruleset.version !== before.version || ruleset.clientVersion !== before.clientVersion;
}

/**
 * The configs of `ours` that `stored` lacks or has in an older state: for each key the higher id is
 * the newer state.
 */
function lostBy(stored: Ruleset, ours: Ruleset): EncodedConfig[] {
  return [...ours.configs()].filter((config) => (stored.get(config.key)?.id ?? 0n) < config.id);
}

/**
 * True when `stored` is older than the default context of `ours`. A context has no id, so where the
 * store has moved on beyond the version that brought it, its own may be newer and counts. An
 * environment at version 0 was created after the loss, with the settings that it shall have.
 */
function hasLostContext(stored: Ruleset, ours: Ruleset): boolean {
  if (stored.version === 0n || stored.version >= ours.envelopeSince) return false;
  return Buffer.compare(stored.envelope, ours.envelope) !== 0;
}
