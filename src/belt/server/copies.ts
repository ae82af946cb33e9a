/**
 * The rulesets of a belt server: from copies alone. Loads an environment at its first use, and
 * looks again at an interval while it is used.
 *
 *     use ──▶ loaded? ──no──▶ look (shared by all who wait), or the cache while sources are slow
 *               │yes
 *               ├── looked at long ago: look, and wait for it a moment
 *               └── else: served as it is; the next look comes by the timer
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { HoldfastError } from '../../core/errors.js';
import { Retention } from '../../replica/retention.js';
import type { Confirmed, Freshness, Keys, KnownKey, Rulesets } from '../../replica/rulesets.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { parseVersion } from '../../ruleset/version.js';
import type { CopyCache } from './cache.js';
import { COPY_TIMES, EnvironmentCopy, type CopyTimes } from './environment-copy.js';
import type { CopySource, CopySourceStatus } from './source.js';
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
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly log: Logger;
  readonly onRefused: (reason: Refusal) => void;
  readonly onDropped: () => void;
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
}

/** Beyond `keep`, an environment that was not used for so long is dropped, milliseconds. */
const IDLE_MS = 10 * 60_000;
/** The time that a request waits for a newer copy than the one that can be served, milliseconds. */
const PATIENCE_MS = 2_000;
/** The time that a request waits where no copy can be served yet, milliseconds. */
const LOAD_MS = 10_000;
/**
 * Looks that a question can ask for out of turn (an unknown key, a newer version) are so far apart
 * at least, milliseconds.
 */
const APART_MS = 1_000;
/** Environments that are remembered not to exist. */
const ABSENT_MAX = 10_000;
/**
 * After so many intervals without a confirmation a copy is stale; one that is slow or missed once
 * is not.
 */
const STALE_INTERVALS = 3;

interface Entry {
  readonly copy: EnvironmentCopy;
  timer: NodeJS.Timeout | undefined;
  /** Since the last look that the timer began. */
  used: boolean;
}

/** The rulesets of a belt server, read from copies. */
export class Copies implements Rulesets {
  readonly keyring: Keys = { find: (text) => this.#findKey(text) };
  readonly #options: CopiesOptions;
  readonly #retention: Retention;
  readonly #entries = new Map<bigint, Entry>();
  readonly #loading = new Map<bigint, Promise<Entry | undefined>>();
  /** Environments that no source has → when that was found. */
  readonly #absent = new Map<bigint, number>();
  #stopped = false;

  constructor(options: CopiesOptions) {
    this.#options = options;
    this.#retention = new Retention({ keep: options.keep, idle: IDLE_MS });
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
    const entry = await this.#entry(environment);
    if (entry === undefined) return undefined;
    await this.#lookNow(entry.copy);
    const { ruleset } = entry.copy;
    return ruleset && { ruleset, confirmed: false };
  }

  freshness(environment: bigint): Freshness {
    const copy = this.#entries.get(environment)?.copy;
    const milliseconds = copy === undefined ? 0 : Math.max(0, this.#options.now() - copy.confirmedAt);
    return { age: Math.floor(milliseconds / 1000), stale: this.#isStale(milliseconds) };
  }

  status(): CopiesStatus {
    const copies = [...this.#entries.values()];
    const sources = this.#options.sources.map((source) => {
      const lags = copies.map(({ copy }) => copy.behindFor(source)).filter((lag) => lag > 0);
      return { ...source.status(), behind: lags.length, lag: lags.reduce((a, b) => Math.max(a, b), 0) };
    });
    const stale = copies.filter(({ copy, timer }) => {
      return timer !== undefined && this.#isStale(this.#options.now() - copy.confirmedAt);
    });
    return { sources, environments: copies.length, stale: stale.length };
  }

  /** Seconds since each environment in memory was last known to be the newest; the oldest first. */
  ages(): (readonly [environment: bigint, seconds: number])[] {
    const now = this.#options.now();
    return [...this.#entries.values()]
      .map(({ copy }) => [copy.environment, Math.max(0, now - copy.confirmedAt) / 1000] as const)
      .sort(([, a], [, b]) => b - a);
  }

  #isStale(milliseconds: number): boolean {
    return milliseconds > STALE_INTERVALS * this.#options.interval;
  }

  /**
   * The environment is in the text; the key itself is compared by its hash, and counts only in that
   * environment.
   */
  async #findKey(text: string): Promise<KnownKey | undefined> {
    const environment = environmentOf(text);
    const entry = environment === undefined ? undefined : await this.#entry(environment);
    if (entry === undefined) return undefined;
    const { copy } = entry;
    const hash = createHash('sha256').update(text).digest('hex');
    // One that is not known may have been made a moment ago, and a client that gets 401 may give
    // up for good.
    const key = copy.key(hash) ?? (await this.#lookNow(copy).then(() => copy.key(hash)));
    if (key !== undefined) return { ...key, environment: copy.environment };
    if (!copy.isCurrent) {
      throw unavailable('the API key is not known here, and whether it is new cannot be looked up');
    }
    return undefined;
  }

  async #lookNow(copy: EnvironmentCopy): Promise<void> {
    if (copy.isLooking || this.#options.now() - copy.refreshedAt >= APART_MS)
      await within(PATIENCE_MS, copy.refresh());
  }

  async #entry(environment: bigint): Promise<Entry | undefined> {
    const known = this.#entries.get(environment);
    if (known === undefined) return this.#load(environment);
    const { interval, now } = this.#options;
    if (now() - known.copy.refreshedAt > 2 * interval) await within(PATIENCE_MS, known.copy.refresh());
    this.#use(known);
    return known;
  }

  /**
   * @throws HoldfastError `store_unavailable` when there may be a copy and none can be had in time
   */
  async #load(environment: bigint): Promise<Entry | undefined> {
    const foundAt = this.#absent.get(environment) ?? -Infinity;
    if (this.#options.now() - foundAt < APART_MS) return undefined;
    let loading = this.#loading.get(environment);
    if (loading === undefined) {
      loading = this.#find(environment).finally(() => this.#loading.delete(environment));
      this.#loading.set(environment, loading);
    }
    const late = unavailable(`the sources have not answered for environment ${environment} in ${LOAD_MS} ms`);
    return within(LOAD_MS, loading, late);
  }

  async #find(environment: bigint): Promise<Entry | undefined> {
    const { sources, cache, times = COPY_TIMES, now, log, onRefused } = this.#options;
    const copy = new EnvironmentCopy({ environment, sources, cache, times, now, log, onRefused });
    await copy.restore();
    const refreshing = copy.refresh();
    await (copy.ruleset === undefined ? refreshing : within(PATIENCE_MS, refreshing));
    if (copy.ruleset !== undefined) {
      const entry: Entry = { copy, timer: undefined, used: false };
      this.#entries.set(environment, entry);
      this.#absent.delete(environment);
      this.#use(entry);
      this.#drop();
      return entry;
    }
    if (!copy.isAbsent)
      throw unavailable(`no copy of environment ${environment} can be had from any source now`);
    this.#noteAbsent(environment);
    return undefined;
  }

  #noteAbsent(environment: bigint): void {
    this.#absent.delete(environment);
    this.#absent.set(environment, this.#options.now());
    const [oldest] = this.#absent.keys();
    if (this.#absent.size > ABSENT_MAX && oldest !== undefined) this.#absent.delete(oldest);
  }

  #use(entry: Entry): void {
    this.#retention.use(entry.copy.environment, this.#options.now());
    entry.used = true;
    if (entry.timer === undefined) this.#arm(entry);
  }

  /** Different for each environment and time, so that looks do not gather. */
  #arm(entry: Entry): void {
    if (this.#stopped) return;
    const { interval, now, random } = this.#options;
    const due = entry.copy.refreshedAt + interval * (0.9 + 0.2 * random());
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
      Math.max(0, due - now()),
    );
    entry.timer.unref();
  }

  #drop(): void {
    const { now, onDropped } = this.#options;
    for (const environment of this.#retention.drop(now(), () => false)) {
      clearTimeout(this.#entries.get(environment)?.timer);
      this.#entries.delete(environment);
      onDropped();
    }
  }
}

/**
 * The environment that a key says it is of: `<random>-P<project>-E<environment>-SDK-<random>`, as
 * replica/issue-key.ts makes them.
 */
function environmentOf(text: string): bigint | undefined {
  const match = /^[^-]+-P\d+-E(\d+)-(?:SDK|CLIENT)-[^-]+$/.exec(text);
  return parseVersion(match?.[1]);
}

function unavailable(problem: string): HoldfastError {
  return new HoldfastError('store_unavailable', `${problem}: try again, or ask another server`);
}

/**
 * Waits for work that goes on by itself, for so many milliseconds; then rejects with `late`, or
 * resolves without one.
 */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined>;
async function within<T>(milliseconds: number, work: Promise<T>, late: Error): Promise<T>;
async function within<T>(milliseconds: number, work: Promise<T>, late?: Error): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<undefined>((resolve, reject) => {
    timer = setTimeout(() => (late === undefined ? resolve(undefined) : reject(late)), milliseconds);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
  }
}
