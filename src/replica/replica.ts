/**
 * The replica: rulesets in memory, kept current from the feed; every read is answered from them.
 *
 * Invariant: for each loaded environment, the ruleset here = the store's ruleset at `ruleset.version`.
 *
 * The race that could break it is a load that overlaps with the feed:
 *
 *     feed     ── v4 ──────── v5 ─────────────── v6 ──▶
 *     load            read begins      read ends (it saw v4, or v5)
 *
 * v5 arrives while the environment is not loaded yet. It must not be dropped (the read may have seen v4) and must not be applied twice
 * (the read may have seen v5). So changes that arrive during a load are kept next to it and offered to the loaded ruleset afterwards, and
 * a change at or below the ruleset's version is passed over. Versions decide, not arrival. A change that does not follow the
 * ruleset's version (there was a gap) makes the environment load again: by a read that begins afterwards, because one that is under
 * way may have seen less, and again with each signal of the feed until one succeeds.
 *
 * One exception, when the store loses writes that we have (it restarted from an older file): ours is the better copy. It stays, and the lost writes are committed again (recovery/heal.ts); then the environment is read again. A store that lost the whole environment is left
 * to an operator (`holdfast restore`), because it may be another store.
 *
 * Environments that are not used are dropped when there are many (retention.ts). To the feed, a dropped environment is one that was never
 * loaded: its changes are passed over, and its next use reads the store. What stays: one that has listeners (a direct hold reads it without loading it), one that is being read or must be read again (the read finds lost writes by comparing with it), one that the
 * store lost (ours is the only copy), and all of them while the store is unavailable (nothing could be read again).
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import { encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { Ruleset, type Change } from '../ruleset/ruleset.js';
import type { FeedEntry, FeedSignal, Key, Store } from '../store/store.js';
import { Keyring } from '../keys/keyring.js';
import { Listeners, type RulesetListener } from './listeners.js';
import { Retention, type RetentionOptions } from './retention.js';
import type { Confirmed, Rulesets } from './rulesets.js';

/** The state of the replica, for readiness and metrics. */
export interface ReplicaStatus {
  /** `current`: the feed was heard within the last seconds. `away`: the store cannot be reached. */
  readonly feed: 'starting' | 'current' | 'away';
  /** Milliseconds since the feed was last known to have nothing newer. */
  readonly lag: number;
  readonly environments: number;
  readonly keys: number;
  /** Environments that this node has and the store lost; `holdfast restore` writes them back. */
  readonly missing: number;
}

/** The parts and settings of a replica. */
export interface ReplicaOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Called each time that the store was found to lack writes that this node has. */
  readonly onDataLost?: (environment: bigint, ours: bigint, stores: bigint) => void;
  /**
   * Commits lost writes again.
   *
   * @param stored the store's ruleset
   * @param lost configs that this node has, and the store lacks or has in an older state
   */
  readonly heal: (stored: Ruleset, lost: readonly EncodedConfig[]) => Promise<void>;
  /** Which environments stay in memory. Default: all. */
  readonly retention?: RetentionOptions;
  /** Called for each environment that was dropped. */
  readonly onDropped?: (environment: bigint) => void;
}

/** The time that a confirmed read waits for the feed to bring the store's version, before it reads the store itself. */
const FEED_GRACE_MS = 50;

const KEEP_ALL: RetentionOptions = { keep: Infinity, idle: Infinity };

interface Loading {
  readonly promise: Promise<Ruleset | undefined>;
  /** Changes that the feed brought in the meantime. */
  readonly arrived: Change[];
}

/** Rulesets and keys of the store, in memory. */
export class Replica implements Rulesets {
  readonly keyring: Keyring;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #onDataLost: NonNullable<ReplicaOptions['onDataLost']>;
  readonly #heal: ReplicaOptions['heal'];
  readonly #onDropped: NonNullable<ReplicaOptions['onDropped']>;
  readonly #retention: Retention;
  readonly #rulesets = new Map<bigint, Ruleset>();
  readonly #loading = new Map<bigint, Loading>();
  readonly #listeners: Listeners;
  /** Environments that must be read again; the feed will not bring what they lack. */
  readonly #stale = new Set<bigint>();
  /** Environments that we have and the store lost. */
  readonly #missing = new Set<bigint>();
  /** The names of the environments in memory. No feed entry brings a new name: no client sees it. */
  readonly #names = new Map<bigint, string>();
  #keysStale = false;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #feed: ReplicaStatus['feed'] = 'starting';
  #heard: number;

  constructor(options: ReplicaOptions) {
    this.#store = options.store;
    this.#log = options.log;
    this.#now = options.now ?? (() => performance.now());
    this.#onDataLost = options.onDataLost ?? (() => undefined);
    this.#heal = options.heal;
    this.#onDropped = options.onDropped ?? (() => undefined);
    this.#retention = new Retention(options.retention ?? KEEP_ALL);
    this.#listeners = new Listeners(options.log);
    this.keyring = new Keyring(options.store);
    this.#heard = this.#now();
  }

  /** Loads the keys and begins to follow the feed. Resolves when both are done: from then on reads are answered. */
  async start(): Promise<void> {
    const head = await this.#store.head();
    await this.keyring.load();
    this.#following = this.#follow(head);
    this.#feed = 'current';
    this.#heard = this.#now();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  status(): ReplicaStatus {
    return {
      feed: this.#feed,
      lag: Math.max(0, Math.round(this.#now() - this.#heard)),
      environments: this.#rulesets.size,
      keys: this.keyring.size,
      missing: this.#missing.size,
    };
  }

  /**
   * The environment's ruleset as we have it, loaded if this is its first use. `undefined`: there is no such environment.
   *
   * @throws HoldfastError `store_unavailable` when it must be loaded and the store is unavailable
   */
  async ruleset(environment: bigint): Promise<Ruleset | undefined> {
    const known = this.#rulesets.get(environment);
    if (known === undefined) return this.#load(environment);
    this.#retention.use(environment, this.#now());
    return known;
  }

  /** All that is in memory: rulesets, and the names that their environments had when they were read. */
  *everything(): Generator<{ ruleset: Ruleset; name: string }> {
    for (const [environment, ruleset] of this.#rulesets) {
      yield { ruleset, name: this.#names.get(environment) ?? '' };
    }
  }

  /** The ruleset if it is loaded; does no I/O. */
  loaded(environment: bigint): Ruleset | undefined {
    return this.#rulesets.get(environment);
  }

  /**
   * The environment's ruleset, at least as new as the store's was when this was called. This is what makes a verified hold verified:
   * an answer from a replica that lags would leave the hold stale until it asks again.
   */
  async confirmed(environment: bigint): Promise<Confirmed | undefined> {
    const ruleset = await this.ruleset(environment);
    if (ruleset === undefined) return undefined;
    let stored: bigint | undefined;
    try {
      stored = await this.#store.version(environment);
      if (stored !== undefined && this.#lags(environment, stored)) await this.#catchUp(environment, stored);
      // Normally the answer is merely older than what the feed has brought in the meantime. It can also be that the store lost writes.
      if (stored !== undefined && stored < ruleset.version) this.#stale.add(environment);
    } catch (error) {
      this.#log.warn(
        { environment: `${environment}`, error: messageOf(error) },
        'answered without the store',
      );
      return { ruleset: this.#rulesets.get(environment) ?? ruleset, confirmed: false };
    }
    const now = this.#rulesets.get(environment) ?? ruleset;
    // A store that lost the environment proves nothing about what we have.
    return { ruleset: now, confirmed: stored !== undefined };
  }

  /**
   * Takes a change that was just committed through this node, before the feed brings it. So from the time that its author has the answer, this node serves it, and can commit it again should the store lose it in its next second.
   */
  committed(change: Change): void {
    this.#loading.get(change.environment)?.arrived.push(change);
    const ruleset = this.#rulesets.get(change.environment);
    // Otherwise it is there already, or the feed brings it when scheduled.
    if (ruleset?.version !== change.previous) return;
    ruleset.apply(change);
    this.#listeners.tell(ruleset);
  }

  /** Reads the environment from the store again. A read that is under way does not count: it may have seen less. */
  async reload(environment: bigint): Promise<Ruleset | undefined> {
    // It must not be dropped before the read begins, which compares with what we had.
    if (this.#rulesets.has(environment)) this.#retention.use(environment, this.#now());
    await this.#loading.get(environment)?.promise.catch(() => undefined);
    return this.#load(environment);
  }

  /** Notifies `listener` of every change of that environment, which must be loaded, until the returned function is called. */
  watch(environment: bigint, listener: RulesetListener): () => void {
    return this.#listeners.add(environment, listener);
  }

  async #catchUp(environment: bigint, version: bigint): Promise<void> {
    const arrived = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => finish(false), FEED_GRACE_MS);
      const unwatch = this.watch(environment, (ruleset) => {
        if (ruleset.version >= version) finish(true);
      });
      const finish = (done: boolean): void => {
        clearTimeout(timer);
        unwatch();
        resolve(done);
      };
    });
    if (!arrived && this.#lags(environment, version)) await this.reload(environment);
  }

  #lags(environment: bigint, version: bigint): boolean {
    return (this.#rulesets.get(environment)?.version ?? 0n) < version;
  }

  #load(environment: bigint): Promise<Ruleset | undefined> {
    const running = this.#loading.get(environment);
    if (running !== undefined) return running.promise;
    const arrived: Change[] = [];
    const promise = this.#read(environment, arrived).finally(() => this.#loading.delete(environment));
    this.#loading.set(environment, { promise, arrived });
    return promise;
  }

  async #read(environment: bigint, arrived: readonly Change[]): Promise<Ruleset | undefined> {
    const stored = await this.#store.read(environment);
    const before = this.#rulesets.get(environment);
    if (stored === undefined) return this.#lost(environment, before);
    this.#missing.delete(environment);
    this.#names.set(environment, stored.name);
    const ruleset = new Ruleset({ ...stored, environment, envelope: encodeEnvelope(stored) });
    for (const change of arrived) {
      if (change.previous === ruleset.version) ruleset.apply(change);
    }
    if (before !== undefined) {
      const lost = lostBy(ruleset, before);
      if (lost.length > 0) return await this.#recommit(ruleset, before, lost);
    }
    this.#rulesets.set(environment, ruleset);
    if (before === undefined) this.#retention.use(environment, this.#now());
    if (before !== undefined && isOther(ruleset, before)) this.#listeners.tell(ruleset);
    return ruleset;
  }

  /** Ours stays in place until the store has it again. Rejects when that could not be done; then it is tried again. */
  async #recommit(stored: Ruleset, ours: Ruleset, lost: readonly EncodedConfig[]): Promise<Ruleset> {
    const environment = ours.environment;
    this.#log.error(
      {
        environment: `${environment}`,
        ours: `${ours.version}`,
        store: `${stored.version}`,
        configs: lost.length,
      },
      'the store lost writes that this node has; committing them again',
    );
    this.#onDataLost(environment, ours.version, stored.version);
    this.#stale.add(environment);
    await this.#heal(stored, lost);
    return ours;
  }

  /** An environment that the store no longer knows: what we have is the best copy there is, so it stays. */
  #lost(environment: bigint, before: Ruleset | undefined): Ruleset | undefined {
    if (before !== undefined) {
      this.#missing.add(environment);
      this.#log.error(
        { environment: `${environment}`, ours: `${before.version}` },
        'the store lost an environment; ours is kept, and `holdfast restore` writes it back',
      );
      this.#onDataLost(environment, before.version, 0n);
    }
    return before;
  }

  async #follow(from: string): Promise<void> {
    for await (const signal of this.#store.follow(from, this.#stopping.signal)) {
      await this.#take(signal);
    }
  }

  async #take(signal: FeedSignal): Promise<void> {
    if (signal.kind === 'away') {
      this.#feed = 'away';
      this.#log.error({ error: signal.error.message }, 'the store is unavailable; serving what is in memory');
      return;
    }
    if (this.#feed === 'away') this.#log.info('the store is available again');
    this.#feed = 'current';
    this.#heard = this.#now();
    if (signal.kind === 'entries') for (const entry of signal.entries) this.#apply(entry);
    if (signal.kind === 'gap') this.#markAllStale();
    this.#drop();
    await this.#refresh();
  }

  /** The feed has a signal at least every two seconds while the store is available, which is often enough. */
  #drop(): void {
    for (const environment of this.#retention.drop(this.#now(), (each) => this.#isNeeded(each))) {
      this.#rulesets.delete(environment);
      this.#names.delete(environment);
      this.#onDropped(environment);
    }
  }

  #isNeeded(environment: bigint): boolean {
    return (
      this.#listeners.has(environment) ||
      this.#loading.has(environment) ||
      this.#stale.has(environment) ||
      this.#missing.has(environment)
    );
  }

  #apply(entry: FeedEntry): void {
    if (entry.kind === 'key') {
      this.#takeKey(entry.key);
      return;
    }
    const { change } = entry;
    this.#loading.get(change.environment)?.arrived.push(change);
    if (this.#missing.has(change.environment)) this.#stale.add(change.environment);
    const ruleset = this.#rulesets.get(change.environment);
    if (ruleset === undefined || change.version <= ruleset.version) return;
    if (change.previous === ruleset.version) {
      ruleset.apply(change);
      this.#listeners.tell(ruleset);
    } else {
      this.#stale.add(change.environment);
    }
  }

  #markAllStale(): void {
    this.#log.warn({ environments: this.#rulesets.size }, 'the feed has a gap; reading everything again');
    this.#keysStale = true;
    for (const environment of this.#rulesets.keys()) this.#stale.add(environment);
    for (const environment of this.#loading.keys()) this.#stale.add(environment);
  }

  /** Reads stale environments again. Those that cannot be read now stay stale, and the feed's next signal calls this again. */
  async #refresh(): Promise<void> {
    if (this.#keysStale) await this.#reloadKeys();
    for (const environment of this.#stale) {
      this.#stale.delete(environment);
      this.reload(environment).catch((error: unknown) => {
        this.#stale.add(environment);
        this.#log.error(
          { environment: `${environment}`, error: messageOf(error) },
          'could not read the environment again; trying until it works',
        );
      });
    }
  }

  async #reloadKeys(): Promise<void> {
    try {
      await this.keyring.load();
      // A store without any environment may be another store; that is for an operator to decide.
      if ((await this.#store.environments()).length > 0) await this.keyring.writeBack();
      this.#keysStale = false;
    } catch (error) {
      this.#log.error(
        { error: messageOf(error) },
        'could not read the keys again; keeping those in memory, and trying until it works',
      );
    }
  }

  #takeKey(key: Key): void {
    try {
      this.keyring.take(key);
    } catch (error) {
      this.#log.error({ key: key.id, error: messageOf(error) }, 'a listener to revoked keys failed');
    }
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
