/**
 * One environment as a belt server has it: the newest valid copy among its sources, and the keys of
 * all of them.
 *
 * Invariants:
 * - What is served was checked whole (validate.ts), and its version never falls.
 * - A key that any source has ever called revoked is revoked.
 * - `confirmedAt` is a moment at which a source had no newer version than is served, and none is
 *   known that has.
 *
 * Keys come from manifests, which are small; a ruleset is read when a good key needs it:
 *
 *     restoreKeys: manifest on disk         restore: and its ruleset
 *     ask:         manifests of all sources refresh: and the newest valid copy, which is served
 *
 * Asking ends with all answers, or a little while after the first; a ruleset that comes late is
 * taken then.
 */
import type { Logger } from 'pino';
import {
  elapsedSince,
  instantAt,
  instantNow,
  laterOf,
  type Instant,
  type InstantClock,
} from '../../core/instant.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { OBJECT_MAX_BYTES } from '../../bucket/bucket.js';
import type { CopiedKey, Manifest } from '../format/manifest.js';
import { keyAt, lacksKeys } from '../format/order.js';
import type { CopyCache } from './cache.js';
import { KnownKeys } from './known-keys.js';
import { isConclusive, newestAbove } from './newest.js';
import type { ReadTurn } from './read-lanes.js';
import type { CopySource } from './source.js';
import { enoughAnswers, SourceState } from './source-state.js';
import type { CopyTimes } from './times.js';
import { mergeCopy, refusedAs, validateCopy, RefusedCopy, type Refusal } from './validate.js';

/** The age from which the confirmation in the cache is written again, milliseconds. */
const RESAVE_MS = 10 * 60_000;

/** The parts and settings of one environment's copy. */
export interface EnvironmentCopyOptions {
  readonly environment: bigint;
  readonly sources: readonly CopySource[];
  readonly cache: CopyCache | undefined;
  readonly times: CopyTimes;
  readonly clock: InstantClock;
  readonly log: Logger;
  readonly onRefused: (reason: Refusal) => void;
}

interface Held {
  readonly manifest: Manifest;
  readonly ruleset: Ruleset;
  /** When it was taken, milliseconds, monotonic. */
  readonly since: number;
}

/** One environment of a belt server, refreshed from all sources. */
export class EnvironmentCopy {
  readonly #options: EnvironmentCopyOptions;
  readonly #states: readonly SourceState[];
  #held: Held | undefined;
  readonly #keys = new KnownKeys();
  #confirmedAt: Instant | undefined;
  /** The manifest on disk, until it is known that its ruleset cannot be used. */
  #onDisk: Manifest | undefined;
  #restoringKeys: Promise<void> | undefined;
  /** The version that the cache has, or is being given. */
  #saved: { version: bigint; keys: readonly CopiedKey[]; at: Instant } | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;
  #refreshedAt = -Infinity;
  #refreshing: Promise<void> | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor(options: EnvironmentCopyOptions) {
    this.#options = options;
    const { environment, sources, times, clock, log, onRefused } = options;
    const onKeys = (keys: readonly CopiedKey[]) => this.#keys.learn(keys);
    const knownKeys = (object: string) =>
      this.#manifests().find((each) => each.keysObject?.object === object)?.keys;
    this.#states = sources.map(
      (source) => new SourceState({ environment, source, times, clock, log, onRefused, knownKeys, onKeys }),
    );
  }

  get environment(): bigint {
    return this.#options.environment;
  }

  get ruleset(): Ruleset | undefined {
    return this.#held?.ruleset;
  }

  /** Milliseconds since it was last known to be the newest; infinite when it never was. */
  get age(): number {
    return this.#confirmedAt === undefined ? Infinity : elapsedSince(this.#confirmedAt, this.#options.clock);
  }

  /** Milliseconds since the sources were last asked; infinite before the first time. */
  get askedAgo(): number {
    return this.#options.clock.monotonic() - this.#askedAt;
  }

  /** Milliseconds since the last refresh began; infinite before the first. */
  get refreshedAgo(): number {
    return this.#options.clock.monotonic() - this.#refreshedAt;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  get isRefreshing(): boolean {
    return this.#refreshing !== undefined;
  }

  /** True when every source answered that it has nothing of this environment. */
  get isAbsent(): boolean {
    return this.#states.every(({ state }) => state === 'absent');
  }

  /** True when a key that is not known is known not to exist. */
  get isConclusive(): boolean {
    return isConclusive(this.#held?.manifest.version ?? this.#onDisk?.version, this.#states);
  }

  /** The number of keys that are remembered, counted at each source: what this takes of memory. */
  get weight(): number {
    return this.#states.reduce(
      (sum, { manifest }) => sum + (manifest?.keys.length ?? 0),
      this.#keys.all.length,
    );
  }

  /** The key with that hash, revoked or not. One whose time is over is revoked. */
  key(hash: string): CopiedKey | undefined {
    return keyAt(this.#options.clock.now(), this.#keys.get(hash));
  }

  /** For how long a source has had an older version than is served, milliseconds; 0: it has not. */
  behindFor(source: CopySource): number {
    const manifest = this.#states.find((state) => state.source === source)?.manifest;
    if (this.#held === undefined || manifest === undefined) return 0;
    const { since, manifest: held } = this.#held;
    return manifest.version < held.version ? Math.max(1, this.#options.clock.monotonic() - since) : 0;
  }

  /** Learns the keys of the manifest on disk, which is read once. Never rejects. */
  restoreKeys(): Promise<void> {
    this.#restoringKeys ??= this.#restoreKeys();
    return this.#restoringKeys;
  }

  /** Begins with what is on disk. It was confirmed when it was saved, or later. Never rejects. */
  async restore(): Promise<void> {
    await this.restoreKeys();
    const { cache, clock } = this.#options;
    const manifest = this.#onDisk;
    if (cache === undefined || manifest === undefined) return;
    const ruleset = await cache.ruleset(manifest);
    if (ruleset === undefined) this.#onDisk = undefined;
    if (ruleset === undefined || this.#held !== undefined) return;
    const at = instantAt(manifest.writtenAt, clock);
    this.#held = { manifest, ruleset, since: at.monotonic };
    this.#confirmedAt = at;
    const keys = lacksKeys(manifest.keys, this.#keys.all) ? manifest.keys : this.#keys.all;
    this.#saved = { version: manifest.version, keys, at };
  }

  /**
   * Reads the manifests of all sources. Never rejects; calls in the meantime share it.
   *
   * @param isKnown false when only a key that is not known asks; an environment in memory is known
   */
  ask(isKnown: boolean): Promise<void> {
    const lane = isKnown || this.#held !== undefined ? 'manifest' : 'lookup';
    if (this.#asking === undefined) {
      const { times, clock } = this.#options;
      this.#askedAt = clock.monotonic();
      const asked = this.#states.map((state) => state.ask(lane));
      this.#asking = enoughAnswers(this.#states, asked, times.grace).finally(
        () => (this.#asking = undefined),
      );
    } else {
      for (const state of this.#states.filter(({ isAsking }) => isAsking)) void state.ask(lane);
    }
    return this.#asking;
  }

  /**
   * Asks all sources for what they have, and takes what is newer and valid. Never rejects; calls in
   * the meantime share it.
   *
   * @param reuse milliseconds; conclusive answers that are younger are not asked for again
   */
  refresh(reuse = 0): Promise<void> {
    if (this.#refreshing === undefined) {
      this.#refreshedAt = this.#options.clock.monotonic();
      this.#refreshing = this.#refresh(reuse).finally(() => (this.#refreshing = undefined));
    }
    return this.#refreshing;
  }

  async #refresh(reuse: number): Promise<void> {
    if (this.isAsking || this.askedAgo >= reuse || !this.isConclusive) await this.ask(true);
    // One that comes after this is not forgotten.
    for (const late of this.#states.filter(({ isAsking }) => isAsking))
      void late.ask('manifest').then(() => this.#take());
    await this.#take();
  }

  async #restoreKeys(): Promise<void> {
    const { cache, environment } = this.#options;
    this.#onDisk = await cache?.manifest(environment);
    if (this.#onDisk !== undefined) await this.#keys.learn(this.#onDisk.keys);
  }

  #manifests(): Manifest[] {
    return [this.#onDisk, ...this.#states.map(({ manifest }) => manifest)].filter(
      (each) => each !== undefined,
    );
  }

  /**
   * One after the other: two that were under way at the same time could take an older version after
   * a newer one.
   */
  #take(): Promise<void> {
    this.#taking = this.#taking.then(async () => {
      const tried = new Set<Manifest>();
      const next = (): ReturnType<typeof newestAbove> =>
        newestAbove(this.#held?.manifest.version ?? -1n, this.#states, tried);
      for (let newest = next(); newest !== undefined; newest = next()) {
        tried.add(newest.manifest);
        await this.#takeFrom(newest.state, newest.manifest);
      }
      this.#confirm();
      this.#save();
    });
    return this.#taking;
  }

  async #takeFrom(state: SourceState, manifest: Manifest): Promise<void> {
    const { times, clock } = this.#options;
    try {
      const max = Math.min(manifest.bytes, OBJECT_MAX_BYTES);
      const turn: ReadTurn = { lane: 'snapshot' };
      const reading = await state.source.read(manifest.object, { within: times.snapshot, max, turn });
      if (reading.kind !== 'found') throw new RefusedCopy('missing', `${manifest.object} is not there`);
      const newer = validateCopy(manifest, reading.bytes);
      const since = clock.monotonic();
      this.#held = { manifest, ruleset: mergeCopy(this.#held?.ruleset, newer), since };
      // It was the newest when it was written, and may not have been since.
      this.#confirmedAt = laterOf(this.#confirmedAt, instantAt(manifest.writtenAt, clock));
    } catch (error) {
      state.reject(refusedAs('checksum', error));
    }
  }

  #confirm(): void {
    const held = this.#held?.manifest;
    if (held === undefined) return;
    const same = this.#states.filter((state) => state.hasCopy(held));
    // A newer one that cannot be had.
    if (this.#states.some(({ manifest }) => (manifest?.version ?? 0n) > held.version)) return;
    for (const { at } of same) if (at !== undefined) this.#confirmedAt = laterOf(this.#confirmedAt, at);
  }

  /**
   * Gives new data to the cache: a copy, keys, and, roughly, when it was last confirmed. Runs in
   * the background.
   */
  #save(): void {
    const { cache, clock } = this.#options;
    if (cache === undefined || this.#held === undefined) return;
    const { manifest, ruleset } = this.#held;
    const at = this.#confirmedAt ?? instantNow(clock);
    const next = { version: manifest.version, keys: this.#keys.all, at };
    const saved = this.#saved;
    const isSaved = saved?.version === next.version && saved.keys === next.keys;
    if (isSaved && at.monotonic - saved.at.monotonic < RESAVE_MS) return;
    this.#saved = next;
    const writtenAt = Math.max(0, Math.round(clock.now() - elapsedSince(at, clock)));
    const writing = cache.write({ ...manifest, keys: next.keys, writtenAt }, ruleset);
    void writing.then((isWritten) => {
      if (!isWritten && this.#saved === next) this.#saved = undefined;
    });
  }
}
