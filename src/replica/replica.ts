/* eslint max-lines: ['error', 340] -- the head states the invariant and the race in 28 lines */
/**
 * The replica: rulesets in memory, kept current from the feed; every read is answered from them.
 *
 * Invariant: for each loaded environment, the ruleset here = the store's ruleset at
 * `ruleset.version`.
 *
 * The race that could break it is a load that overlaps with the feed:
 *
 *     feed     ── v4 ──────── v5 ─────────────── v6 ──▶
 *     load            read begins      read ends (it saw v4, or v5)
 *
 * v5 arrives while the environment is not loaded yet. It must not be dropped (the read may have
 * seen v4) and must not be applied twice (the read may have seen v5). So changes that arrive during
 * a load are kept next to it and offered to the loaded ruleset afterwards, and a change at or below
 * the ruleset's version is passed over. Versions decide, not arrival. A change that does not follow
 * the ruleset's version (there was a gap) makes the environment load again: by a read that begins
 * afterwards, because one that is under way may have seen less, and again with each signal of the
 * feed until one succeeds.
 *
 * One exception, when the store loses writes that we have (it restarted from an older file): ours
 * is the better copy. It stays until the lost writes are committed again, each that still can be
 * (recovery/heal.ts); the others are given up, and the environment is read again. So an environment
 * always comes to the store's ruleset. A store that lost the whole environment is left to an
 * operator (`holdfast restore`), because it may be another store.
 *
 * Environments that are not used are dropped when there are many (retention.ts). To the feed, a
 * dropped environment is one that was never loaded: its changes are passed over, and its next use
 * reads the store. What stays: one that has listeners (a direct hold reads it without loading it),
 * one that is being read or must be read again (the read finds lost writes by comparing with it),
 * one that the store lost (ours is the only copy), and all of them while the store is unavailable
 * (nothing could be read again).
 */
import type { Logger } from 'pino';
import { messageOf } from '../core/errors.js';
import { turnFor } from '../core/turns.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import type { FeedEntry, FeedSignal, Store } from '../store/store.js';
import { Keyring } from '../keys/keyring.js';
import { KeyUpdates } from './key-updates.js';
import type { RulesetListener } from './listeners.js';
import { Loader } from './loader.js';
import { ReplicaMemory } from './memory.js';
import type { ReplicaOptions, ReplicaStatus } from './options.js';
import type { RetentionOptions } from './retention.js';
import { Rereads } from './rereads.js';
import type { Confirmed, Rulesets } from './rulesets.js';

/**
 * The time that a confirmed read waits for the feed to bring the store's version, before it reads
 * the store itself.
 */
const FEED_GRACE_MS = 50;

const KEEP_ALL: RetentionOptions = { keep: Infinity, idle: Infinity };

/** Rulesets and keys of the store, in memory. */
export class Replica implements Rulesets {
  readonly keyring: Keyring;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #onDropped: NonNullable<ReplicaOptions['onDropped']>;
  readonly #onChange: NonNullable<ReplicaOptions['onChange']>;
  readonly #memory: ReplicaMemory;
  readonly #loader: Loader;
  readonly #rereads = new Rereads((environment) => this.#readAgain(environment));
  readonly #keyUpdates: KeyUpdates;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #feed: ReplicaStatus['feed'] = 'starting';
  #heard: number;

  constructor(options: ReplicaOptions) {
    this.#store = options.store;
    this.#log = options.log;
    this.#now = options.now ?? (() => performance.now());
    this.#onDropped = options.onDropped ?? (() => undefined);
    this.#onChange = options.onChange ?? (() => undefined);
    this.#memory = new ReplicaMemory(options.log, options.retention ?? KEEP_ALL, this.#now);
    this.#loader = new Loader({
      store: options.store,
      memory: this.#memory,
      log: options.log,
      onDataLost: options.onDataLost ?? (() => undefined),
      heal: options.heal,
    });
    this.keyring = new Keyring(options.store, options.wallClock);
    this.#keyUpdates = new KeyUpdates(this.keyring, options.store, options.log);
    this.#heard = this.#now();
  }

  /**
   * Loads the keys and begins to follow the feed. Resolves when both are done: from then on reads
   * are answered.
   */
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
      environments: this.#memory.rulesets.size,
      keys: this.keyring.size,
      missing: this.#memory.missing.size,
      recovering: this.#memory.recovering.size,
    };
  }

  /**
   * The environment's ruleset as we have it, loaded if this is its first use. `undefined`: there is
   * no such environment.
   *
   * @throws HoldfastError `store_unavailable` when it must be loaded and the store is unavailable
   */
  async ruleset(environment: bigint): Promise<Ruleset | undefined> {
    const known = this.#memory.rulesets.get(environment);
    if (known === undefined) return this.#loader.load(environment);
    this.#memory.use(environment);
    return known;
  }

  /**
   * All that is in memory: rulesets, and the names that their environments had when they were read.
   */
  *everything(): Generator<{ ruleset: Ruleset; name: string }> {
    for (const [environment, ruleset] of this.#memory.rulesets) {
      yield { ruleset, name: this.#memory.names.get(environment) ?? '' };
    }
  }

  /** The ruleset if it is loaded; does no I/O. */
  loaded(environment: bigint): Ruleset | undefined {
    return this.#memory.rulesets.get(environment);
  }

  /**
   * The environment's ruleset, at least as new as the store's was when this was called. This is
   * what makes a verified hold verified: an answer from a replica that lags would leave the hold
   * stale until it asks again.
   */
  async confirmed(environment: bigint): Promise<Confirmed | undefined> {
    const ruleset = await this.ruleset(environment);
    if (ruleset === undefined) return undefined;
    let stored: bigint | undefined;
    try {
      stored = await this.#store.version(environment);
      if (stored !== undefined && this.#lags(environment, stored)) await this.#catchUp(environment, stored);
      // Normally the answer is merely older than what the feed has brought in the meantime. It can
      // also be that the store lost writes.
      if (stored !== undefined && stored < ruleset.version) this.#memory.stale.add(environment);
    } catch (error) {
      this.#log.warn(
        { environment: `${environment}`, error: messageOf(error) },
        'answered without the store',
      );
      const known = this.#memory.rulesets.get(environment) ?? ruleset;
      return { ruleset: known, confirmed: false, reason: messageOf(error) };
    }
    const now = this.#memory.rulesets.get(environment) ?? ruleset;
    // A store that lost the environment proves nothing about what we have.
    return { ruleset: now, confirmed: stored !== undefined };
  }

  /**
   * Takes a change that was just committed through this node, before the feed brings it. So from
   * the time that its author has the answer, this node serves it, and can commit it again should
   * the store lose it in its next second.
   */
  committed(change: Change): void {
    this.#loader.offer(change);
    const ruleset = this.#memory.rulesets.get(change.environment);
    // Otherwise it is there already, or the feed brings it when scheduled.
    if (change.deletes === true) this.#forget(change);
    if (change.deletes === true || ruleset?.version !== change.previous) return;
    ruleset.apply(change);
    this.#memory.listeners.tell(ruleset);
  }

  /** Its keys were revoked before, so no client listens to it any more. */
  #forget({ environment, version }: Change): void {
    if ((this.#memory.rulesets.get(environment)?.version ?? version) > version) return;
    this.#memory.forget(environment);
    this.#onDropped(environment);
  }

  /**
   * Reads the environment from the store again. A read that is under way does not count: it may
   * have seen less.
   */
  reload(environment: bigint): Promise<Ruleset | undefined> {
    return this.#loader.reload(environment);
  }

  /**
   * Notifies `listener` of every change of that environment, which must be loaded, until the
   * returned function is called.
   */
  watch(environment: bigint, listener: RulesetListener): () => void {
    return this.#memory.listeners.add(environment, listener);
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
    return (this.#memory.rulesets.get(environment)?.version ?? 0n) < version;
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
    if (signal.kind === 'entries') {
      for (const entry of signal.entries) {
        if (entry.kind === 'change') await turnFor(entry.change.configs.length);
        this.#apply(entry);
      }
    }
    if (signal.kind === 'gap') this.#markAllStale();
    this.#drop();
    await this.#refresh();
  }

  /**
   * The feed has a signal at least every two seconds while the store is available, which is often
   * enough.
   */
  #drop(): void {
    const isNeeded = (environment: bigint): boolean => this.#isNeeded(environment);
    for (const environment of this.#memory.drop(isNeeded)) this.#onDropped(environment);
  }

  #isNeeded(environment: bigint): boolean {
    return (
      this.#memory.listeners.has(environment) ||
      this.#loader.isLoading(environment) ||
      this.#memory.stale.has(environment) ||
      this.#rereads.has(environment) ||
      this.#memory.missing.has(environment)
    );
  }

  #apply(entry: FeedEntry): void {
    if (entry.kind === 'key') {
      this.#keyUpdates.take(entry.key);
      return;
    }
    const { change } = entry;
    this.#loader.offer(change);
    this.#onChange(change);
    if (change.deletes === true) {
      this.#forget(change);
      return;
    }
    if (this.#memory.missing.has(change.environment)) this.#memory.stale.add(change.environment);
    const ruleset = this.#memory.rulesets.get(change.environment);
    if (ruleset === undefined || change.version <= ruleset.version) return;
    if (change.previous === ruleset.version) {
      ruleset.apply(change);
      this.#memory.listeners.tell(ruleset);
    } else {
      this.#memory.stale.add(change.environment);
    }
  }

  #markAllStale(): void {
    this.#log.warn(
      { environments: this.#memory.rulesets.size },
      'the feed has a gap; reading everything again',
    );
    this.#keyUpdates.markStale();
    for (const environment of this.#memory.rulesets.keys()) this.#memory.stale.add(environment);
    for (const environment of this.#loader.loading) this.#memory.stale.add(environment);
  }

  /**
   * Reads stale environments again, those with direct holds first. Those that cannot be read now are
   * stale again, and the feed's next signal calls this again.
   */
  async #refresh(): Promise<void> {
    await this.#keyUpdates.refresh();
    const { stale, listeners } = this.#memory;
    const all = [...stale];
    stale.clear();
    this.#rereads.add(all.filter((environment) => listeners.has(environment)));
    this.#rereads.add(all);
  }

  async #readAgain(environment: bigint): Promise<void> {
    try {
      await this.reload(environment);
    } catch (error) {
      this.#memory.stale.add(environment);
      this.#log.error(
        { environment: `${environment}`, error: messageOf(error) },
        'could not read the environment again; trying until it works',
      );
    }
  }
}
