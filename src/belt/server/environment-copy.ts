/**
 * One environment as a belt server has it: the newest valid copy among its sources, and the keys of
 * all of them.
 *
 * Invariants:
 * - What is served was checked whole (taking.ts), and its version never falls.
 * - A key that any source has ever called revoked is revoked.
 * - `confirmedAt` is a moment at which a source had no newer version than is served, and none is
 *   known that has.
 *
 *     look:   manifests of all sources ──(all, or the first and a little while)──▶ newest valid copy ──▶ served
 *                        └── one that comes late ─────────────────────────────────────┘
 */
import type { Logger } from 'pino';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { CopyCache } from './cache.js';
import { type CopiedKey, type Manifest } from '../format/manifest.js';
import { lacksKeys, mergeKeys } from '../format/order.js';
import type { CopySource } from './source.js';
import { mergeCopy, validateCopy, RefusedCopy, type Refusal } from './validate.js';
import { SourceState } from './source-state.js';

/** The timeouts of reads from sources. */
export interface CopyTimes {
  /** For a manifest, milliseconds. */
  readonly manifest: number;
  /** For a snapshot, milliseconds. */
  readonly snapshot: number;
  /**
   * The time that other sources have after the first manifest, milliseconds. A newer one that comes
   * later is used then.
   */
  readonly grace: number;
}

/** The timeouts of a real belt server. */
export const COPY_TIMES: CopyTimes = { manifest: 5_000, snapshot: 30_000, grace: 1_000 };

/**
 * A confirmation is written to the cache when the one that it has is older than this, milliseconds.
 */
const RESAVE_MS = 10 * 60_000;

/** The parts and settings of one environment's copy. */
export interface EnvironmentCopyOptions {
  readonly environment: bigint;
  readonly sources: readonly CopySource[];
  readonly cache: CopyCache | undefined;
  readonly times: CopyTimes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  readonly onRefused: (reason: Refusal) => void;
}

interface Held {
  readonly manifest: Manifest;
  readonly ruleset: Ruleset;
  /** When it was taken, milliseconds since 1970. */
  readonly since: number;
}

/** One environment of a belt server, refreshed from all sources. */
export class EnvironmentCopy {
  readonly #options: EnvironmentCopyOptions;
  readonly #states: readonly SourceState[];
  #held: Held | undefined;
  #keys: readonly CopiedKey[] = [];
  #byHash = new Map<string, CopiedKey>();
  #confirmedAt = 0;
  #isCurrent = false;
  /** The version that the cache has, or is being given. */
  #saved: { version: bigint; keys: readonly CopiedKey[]; at: number } | undefined;
  #lookedAt = -Infinity;
  #refreshing: Promise<void> | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(options: EnvironmentCopyOptions) {
    this.#options = options;
    const { environment, sources, times, now, log, onRefused } = options;
    const onKeys = (keys: readonly CopiedKey[]): void => this.#learnKeys(keys);
    this.#states = sources.map(
      (source) =>
        new SourceState({ environment, source, within: times.manifest, now, log, onRefused, onKeys }),
    );
  }

  get environment(): bigint {
    return this.#options.environment;
  }

  get ruleset(): Ruleset | undefined {
    return this.#held?.ruleset;
  }

  /** When it was last known to be the newest, milliseconds since 1970. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** When the last look began, milliseconds since 1970; minus infinity before the first. */
  get refreshedAt(): number {
    return this.#lookedAt;
  }

  /**
   * True when at the last refresh a source had the served version, and none is known to have a
   * newer one.
   */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  get isLooking(): boolean {
    return this.#refreshing !== undefined;
  }

  /** True when every source answered that it has nothing of this environment. */
  get isAbsent(): boolean {
    return this.#states.every(({ state }) => state === 'absent');
  }

  /** The key with that hash, revoked or not. */
  key(hash: string): CopiedKey | undefined {
    return this.#byHash.get(hash);
  }

  /**
   * For how long a source has had an older version than is served, milliseconds; 0 when it has not.
   */
  behindFor(source: CopySource): number {
    const manifest = this.#states.find((state) => state.source === source)?.manifest;
    if (this.#held === undefined || manifest === undefined) return 0;
    const { since, manifest: held } = this.#held;
    return manifest.version < held.version ? Math.max(1, this.#options.now() - since) : 0;
  }

  /** Begins with what the cache has. It was confirmed when it was saved, or later. */
  async restore(): Promise<void> {
    const { cache, environment } = this.#options;
    const saved = await cache?.read(environment);
    if (saved === undefined || this.#held !== undefined) return;
    this.#learnKeys(saved.manifest.keys);
    const { version, writtenAt: at } = saved.manifest;
    this.#held = { ...saved, since: at };
    this.#confirmedAt = at;
    this.#saved = { version, keys: this.#keys, at };
  }

  /**
   * Asks all sources for what they have, and takes what is newer and valid. Never rejects; calls in
   * the meantime share it.
   */
  refresh(): Promise<void> {
    if (this.#refreshing === undefined) {
      this.#lookedAt = this.#options.now();
      this.#refreshing = this.#refresh().finally(() => (this.#refreshing = undefined));
    }
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    await this.#enough(this.#states.map((state) => state.ask()));
    // One that comes after this is not forgotten.
    for (const late of this.#states.filter(({ isAsking }) => isAsking))
      void late.ask().then(() => this.#take());
    await this.#take();
  }

  /**
   * Waits for all, or for a while after the first manifest has come; not for sources that were
   * failing before, which would delay every first use.
   */
  async #enough(asked: readonly Promise<void>[]): Promise<void> {
    const { grace } = this.#options.times;
    const failing = new Set(this.#states.filter(({ source }) => source.failing));
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      const answered = (): void => {
        if (this.#states.every(({ isAsking, state }) => isAsking || state !== 'found')) return;
        if (this.#states.every((state) => !state.isAsking || failing.has(state))) resolve();
        else timer ??= setTimeout(resolve, grace);
      };
      for (const each of asked) void each.then(answered);
    });
    await Promise.race([Promise.all(asked), enough]);
    clearTimeout(timer);
  }

  #learnKeys(keys: readonly CopiedKey[]): void {
    if (!lacksKeys(this.#keys, keys)) return;
    this.#keys = mergeKeys(this.#keys, keys);
    this.#byHash = new Map(this.#keys.map((key) => [key.hash, key]));
  }

  /**
   * One after the other: two that were under way at the same time could take an older version after
   * a newer one.
   */
  #take(): Promise<void> {
    this.#taking = this.#taking.then(async () => {
      const tried = new Set<Manifest>();
      for (let next = this.#newest(tried); next !== undefined; next = this.#newest(tried)) {
        tried.add(next.manifest);
        await this.#takeFrom(next.state, next.manifest);
      }
      this.#confirm();
      this.#save();
    });
    return this.#taking;
  }

  /**
   * The newest copy that is newer than ours; of equal versions the one whose source knows of more
   * revocations.
   */
  #newest(tried: ReadonlySet<Manifest>): { state: SourceState; manifest: Manifest } | undefined {
    const ours = this.#held?.manifest.version ?? -1n;
    let best: { state: SourceState; manifest: Manifest } | undefined;
    for (const state of this.#states) {
      const { manifest } = state;
      if (
        state.state !== 'found' ||
        manifest === undefined ||
        tried.has(manifest) ||
        manifest.version <= ours
      )
        continue;
      if (best === undefined || isBetter(manifest, best.manifest)) best = { state, manifest };
    }
    return best;
  }

  async #takeFrom(state: SourceState, manifest: Manifest): Promise<void> {
    const { times, now } = this.#options;
    try {
      const reading = await state.source.read(manifest.object, times.snapshot);
      if (reading.kind !== 'found') throw new RefusedCopy('missing', `${manifest.object} is not there`);
      const newer = validateCopy(manifest, reading.bytes);
      this.#held = { manifest, ruleset: mergeCopy(this.#held?.ruleset, newer), since: now() };
    } catch (error) {
      state.reject(error);
    }
  }

  #confirm(): void {
    const held = this.#held?.manifest;
    if (held === undefined) return;
    const same = this.#states.filter((state) => isCopyOf(state, held));
    // A newer one that cannot be had.
    const isBehind = this.#states.some(({ manifest }) => (manifest?.version ?? 0n) > held.version);
    this.#isCurrent = !isBehind && same.some(({ state }) => state === 'found');
    if (!isBehind) this.#confirmedAt = Math.max(this.#confirmedAt, ...same.map(({ at }) => at));
  }

  /**
   * Gives new data to the cache: a copy, keys, and, roughly, when it was last confirmed. Runs in
   * the background.
   */
  #save(): void {
    const { cache } = this.#options;
    if (cache === undefined || this.#held === undefined) return;
    const { manifest, ruleset } = this.#held;
    const next = { version: manifest.version, keys: this.#keys, at: this.#confirmedAt };
    const { version, keys, at } = this.#saved ?? { at: -Infinity };
    if (version === next.version && keys === next.keys && next.at - at < RESAVE_MS) return;
    this.#saved = next;
    const writing = cache.write({ ...manifest, keys: next.keys, writtenAt: next.at }, ruleset);
    void writing.then((isWritten) => {
      if (!isWritten && this.#saved === next) this.#saved = undefined;
    });
  }
}

/** True when a source has the served version. */
function isCopyOf(state: SourceState, held: Manifest): boolean {
  const { manifest } = state;
  if (manifest?.version !== held.version) return false;
  if (manifest.sha256 === held.sha256) return true;
  state.reject(new RefusedCopy('forked', `version ${held.version} is something else there`));
  return false;
}

function isBetter(manifest: Manifest, than: Manifest): boolean {
  if (manifest.version !== than.version) return manifest.version > than.version;
  return revocations(manifest) > revocations(than);
}

function revocations({ keys }: Manifest): number {
  return keys.filter(({ revokedAt }) => revokedAt !== undefined).length;
}
