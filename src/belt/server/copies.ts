/**
 * The rulesets of a belt server: from copies alone. Loads an environment at its first use with a
 * good key (key-finder.ts), and looks again at an interval while it is used.
 *
 *     use ──▶ in memory? ──no──▶ load (shared by all who wait): from disk while sources are slow
 *               │yes
 *               ├── refreshed long ago: refresh, and wait for it a moment
 *               └── else: served as it is; the next refresh comes by the timer
 */
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.js';
import { within } from '../../core/within.js';
import { Retention } from '../../replica/retention.js';
import type { Confirmed, Freshness, Keys, Rulesets } from '../../replica/rulesets.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { CacheStatus, CopyCache } from './cache.js';
import { Candidates } from './candidates.js';
import { EnvironmentCopy } from './environment-copy.js';
import { KeyFinder, unavailable } from './key-finder.js';
import { LookupBudget } from './lookup-budget.js';
import type { CopySource, CopySourceStatus } from './source.js';
import { COPY_TIMES, FRESH_MS, LOAD_MS, PATIENCE_MS, type CopyTimes } from './times.js';
import type { Refusal } from './validate.js';

/** The parts and settings of the copies of a belt server. */
export interface CopiesOptions {
  readonly sources: readonly CopySource[];
  /** `undefined`: nothing is kept on disk. */
  readonly cache: CopyCache | undefined;
  /** Between two looks at an environment that is used, about; milliseconds. */
  readonly interval: number;
  /** The number of environments that stay in memory when unused. */
  readonly keep: number;
  readonly times?: CopyTimes;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'random'>;
  readonly log: Logger;
  readonly onRefused: (reason: Refusal) => void;
  readonly onDropped: () => void;
  /** Told of each request whose unknown key was not looked up. */
  readonly onLookupRefused: () => void;
}

/** The state of the copies, for readiness and metrics. */
export interface CopiesStatus {
  readonly sources: readonly (CopySourceStatus & {
    /** Environments in memory of which it has an older version than another source. */
    readonly behind: number;
    /** The longest for which it has had one, milliseconds. */
    readonly lag: number;
  })[];
  /** In memory. */
  readonly environments: number;
  /** The ones among them that are in use and that no source confirms. */
  readonly stale: number;
  /** Absent where nothing is kept on disk. */
  readonly cache?: CacheStatus;
}

/** Beyond `keep`, an environment that was not used for so long is dropped, milliseconds. */
const IDLE_MS = 10 * 60_000;
/**
 * After so many intervals without a confirmation a copy is stale; one that is slow or missed once
 * is not.
 */
const STALE_INTERVALS = 3;
/** After so many intervals without a refresh, the next use makes one and waits for it. */
const OVERDUE_INTERVALS = 2;

interface Entry {
  readonly copy: EnvironmentCopy;
  timer: NodeJS.Timeout | undefined;
  /** Since the last look that the timer began. */
  used: boolean;
}

/** The rulesets of a belt server, read from copies. */
export class Copies implements Rulesets {
  readonly keyring: Keys;
  readonly #options: CopiesOptions;
  readonly #retention: Retention;
  readonly #entries = new Map<bigint, Entry>();
  readonly #candidates: Candidates;
  readonly #loading = new Map<bigint, Promise<Entry | undefined>>();
  #stopped = false;

  constructor(options: CopiesOptions) {
    this.#options = options;
    const {
      sources,
      cache,
      keep,
      interval,
      times = COPY_TIMES,
      clock,
      log,
      onRefused,
      onLookupRefused,
    } = options;
    this.#retention = new Retention({ keep, idle: IDLE_MS });
    this.#candidates = new Candidates(
      (environment) => new EnvironmentCopy({ environment, sources, cache, times, clock, log, onRefused }),
    );
    this.keyring = new KeyFinder({
      loaded: (environment) => this.#entries.get(environment)?.copy,
      use: (environment) => this.#entry(environment),
      candidates: this.#candidates,
      budget: new LookupBudget({ monotonic: clock.monotonic, log, onRefused: onLookupRefused }),
      trust: OVERDUE_INTERVALS * interval,
    });
  }

  /** Makes the cache ready in the background. Sources are asked when the first request needs them. */
  start(): void {
    void this.#options.cache?.start();
  }

  /** Looks at nothing any more; resolves when the cache has what it is to have. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#entries.values()) clearTimeout(timer);
    await this.#options.cache?.settled();
  }

  async ruleset(environment: bigint): Promise<Ruleset | undefined> {
    return (await this.#entry(environment))?.copy.ruleset;
  }

  /**
   * Asks the sources, unless that was done a moment ago. Copies are never confirmed: the store may
   * have something newer.
   */
  async confirmed(environment: bigint): Promise<Confirmed | undefined> {
    const copy = (await this.#entry(environment))?.copy;
    if (copy === undefined) return undefined;
    if (copy.isRefreshing || copy.refreshedAgo >= FRESH_MS) await within(PATIENCE_MS, copy.refresh());
    const { ruleset } = copy;
    return ruleset && { ruleset, confirmed: false };
  }

  freshness(environment: bigint): Freshness {
    const milliseconds = this.#entries.get(environment)?.copy.age ?? 0;
    return { age: Math.floor(milliseconds / 1000), stale: this.#isStale(milliseconds) };
  }

  status(): CopiesStatus {
    const copies = [...this.#entries.values()];
    const { cache } = this.#options;
    const sources = this.#options.sources.map((source) => {
      const lags = copies.map(({ copy }) => copy.behindFor(source)).filter((lag) => lag > 0);
      return { ...source.status(), behind: lags.length, lag: lags.reduce((a, b) => Math.max(a, b), 0) };
    });
    const stale = copies.filter(({ copy, timer }) => timer !== undefined && this.#isStale(copy.age));
    return {
      sources,
      environments: copies.length,
      stale: stale.length,
      ...(cache && { cache: cache.status() }),
    };
  }

  /** Seconds since each environment in memory was last known to be the newest; the oldest first. */
  ages(): (readonly [environment: bigint, seconds: number])[] {
    return [...this.#entries.values()]
      .map(({ copy }) => [copy.environment, copy.age / 1000] as const)
      .sort(([, a], [, b]) => b - a);
  }

  #isStale(milliseconds: number): boolean {
    return milliseconds > STALE_INTERVALS * this.#options.interval;
  }

  async #entry(environment: bigint): Promise<Entry | undefined> {
    const known = this.#entries.get(environment);
    if (known === undefined) return this.#load(environment);
    const { copy } = known;
    if (copy.refreshedAgo > OVERDUE_INTERVALS * this.#options.interval)
      await within(PATIENCE_MS, copy.refresh());
    this.#use(known);
    return known;
  }

  /**
   * @throws HoldfastError `store_unavailable` when there may be a copy and none can be had in time
   */
  async #load(environment: bigint): Promise<Entry | undefined> {
    let loading = this.#loading.get(environment);
    if (loading === undefined) {
      const candidate = this.#candidates.get(environment);
      loading = this.#loadFrom(candidate).finally(() => this.#loading.delete(environment));
      this.#loading.set(environment, loading);
    }
    const late = unavailable(`the sources have not answered for environment ${environment} in ${LOAD_MS} ms`);
    return within(LOAD_MS, loading, late);
  }

  async #loadFrom(copy: EnvironmentCopy): Promise<Entry | undefined> {
    const { environment } = copy;
    // The request may have waited for the same answers already.
    const patience = copy.isAsking ? Math.max(0, PATIENCE_MS - copy.askedAgo) : PATIENCE_MS;
    await copy.restore();
    const refreshing = copy.refresh(FRESH_MS);
    await (copy.ruleset === undefined ? refreshing : within(patience, refreshing));
    if (copy.ruleset !== undefined) {
      const entry: Entry = { copy, timer: undefined, used: false };
      this.#entries.set(environment, entry);
      this.#candidates.delete(environment);
      this.#use(entry);
      this.#drop();
      return entry;
    }
    this.#candidates.settle(copy);
    if (copy.isAbsent) return undefined;
    throw unavailable(`no copy of environment ${environment} can be had from any source now`);
  }

  #use(entry: Entry): void {
    this.#retention.use(entry.copy.environment, this.#options.clock.monotonic());
    entry.used = true;
    if (entry.timer === undefined) this.#arm(entry);
  }

  /** Different for each environment and time, so that looks do not gather. */
  #arm(entry: Entry): void {
    if (this.#stopped) return;
    const { interval, clock } = this.#options;
    const due = interval * (0.9 + 0.2 * clock.random()) - entry.copy.refreshedAgo;
    entry.timer = setTimeout(
      () => {
        entry.used = false;
        void entry.copy.refresh().then(() => {
          entry.timer = undefined;
          // It is not in use: the next use refreshes it.
          if (entry.used) this.#arm(entry);
          this.#drop();
        });
      },
      Math.max(0, due),
    );
    entry.timer.unref();
  }

  #drop(): void {
    const { clock, onDropped } = this.#options;
    for (const environment of this.#retention.drop(clock.monotonic(), () => false)) {
      clearTimeout(this.#entries.get(environment)?.timer);
      this.#entries.delete(environment);
      onDropped();
    }
  }
}
