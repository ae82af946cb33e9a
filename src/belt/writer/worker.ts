/* eslint max-lines: ['error', 320] -- one class, whose lanes share its state */
/**
 * The worker of one bucket: keeps it in step with the store while this node writes copies.
 *
 *     feed ────▶ changes ──▶ slots ──▶ bucket
 *     checks ──────▲           (each upload reads the store again)
 *
 * Workers share nothing, not even the rulesets they read, so a bucket that is slow or unreachable
 * delays no other. Each follows the feed from its own cursor. Where there is none that can be used,
 * all manifests are compared with the store, and what is behind is written.
 */
import type { Logger } from 'pino';
import { HoldfastError, messageOf, type ErrorCode } from '../../core/errors.js';
import { Keyring } from '../../keys/keyring.js';
import { CANARY_ENVIRONMENT } from '../../store/rules.js';
import type { FeedEntry, FeedPosition, Store } from '../../store/store.js';
import { equalJitter } from '../../core/backoff.js';
import { BUCKET_BACKOFF } from './backoff.js';
import { Signal } from '../../core/signal.js';
import type { Bucket } from '../../bucket/bucket.js';
import { PendingUploads, type PendingUpload } from './changes.js';
import { endAfter } from './end-after.js';
import { KeysReader } from './keys-reader.js';
import { RECONCILE_TIMES, Reconciler, type ReconcileTimes } from './reconcile.js';
import { upload, type UploadOutcome } from './upload.js';

/** The events of a bucket's worker, for metrics. */
export interface BucketWorkerEvents {
  written(): void;
  failed(): void;
  /** Milliseconds from the commit of the oldest change that a write brought to the bucket. */
  lag(milliseconds: number): void;
}

/** The parts and settings of a bucket's worker. */
export interface BucketWorkerOptions {
  readonly store: Store;
  readonly bucket: Bucket;
  /** The number of snapshots of an environment that stay. */
  readonly keep: number;
  /**
   * Milliseconds for which changes that are waiting are still written after the signal has aborted.
   */
  readonly drain: number;
  readonly events: BucketWorkerEvents;
  readonly saveCursor: (position: FeedPosition) => Promise<unknown>;
  readonly log: Logger;
  /** Milliseconds since 1970: for the times that are said. */
  readonly now: () => number;
  /** Milliseconds, monotonic: for waiting. */
  readonly monotonic: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly times?: ReconcileTimes;
}

/**
 * Uploads at a time: a bucket far away has a round trip of 0.1 s, and each upload takes three.
 */
const LANES = 4;
const SAVE_CURSOR_MS = 1_000;
const OF_ENVIRONMENT: ReadonlySet<ErrorCode> = new Set(['store_damaged', 'copy_damaged', 'copy_too_large']);

/** The state of one bucket. */
export interface BucketStatus {
  readonly bucket: string;
  readonly state: 'ok' | 'failing';
  /** Environments that changed and are not written yet. */
  readonly behind: number;
  /** Milliseconds since the oldest change that is not written. */
  readonly behindFor: number;
  /** Environments of which the bucket has what the store lost. */
  readonly ahead: number;
  /** Milliseconds since all manifests were compared with the store; `undefined`: not yet. */
  readonly checkedAgo: number | undefined;
  readonly error?: string;
}

/** Copies changed environments to one bucket. */
export class BucketWorker {
  readonly #options: BucketWorkerOptions;
  readonly #keyring: Keyring;
  readonly #keysReader: KeysReader;
  readonly #checks: Reconciler;
  readonly #changes = new PendingUploads();
  readonly #signal = new Signal();
  readonly #ahead = new Set<bigint>();
  /** The problems of single environments, which say nothing about the bucket. */
  readonly #problems = new Map<bigint, string>();
  #conditions: 'kept' | 'ignored' | undefined;
  /** The newest position whose change is marked. */
  #last: FeedPosition = '';
  #saved: FeedPosition | undefined;
  #gaps = 0;
  #failures = 0;
  #pausedUntil = 0;
  #error: string | undefined;

  constructor(options: BucketWorkerOptions) {
    this.#options = options;
    this.#keyring = new Keyring(options.store);
    this.#keysReader = new KeysReader(options.bucket);
    this.#checks = new Reconciler({
      ...options,
      keyring: this.#keyring,
      times: options.times ?? RECONCILE_TIMES,
      place: () => ({ last: this.#last, gaps: this.#gaps }),
      signal: this.#signal,
      mark: (environment, mark) => {
        this.#changes.mark(environment, mark);
        this.#signal.notify();
      },
      isAhead: (environment) => this.#ahead.has(environment),
    });
  }

  status(): BucketStatus {
    const now = this.#options.now();
    const { checkedAt } = this.#checks;
    const [problem] = this.#problems.values();
    const error = this.#error ?? this.#checks.error ?? problem;
    return {
      bucket: this.#options.bucket.name,
      state: error === undefined ? 'ok' : 'failing',
      behind: this.#changes.size,
      behindFor: Math.max(0, now - (this.#changes.oldest ?? now)),
      ahead: this.#ahead.size,
      checkedAgo: checkedAt === undefined ? undefined : this.#options.monotonic() - checkedAt,
      ...(error === undefined ? {} : { error }),
    };
  }

  /**
   * Works until the signal aborts, then writes what is waiting for as long as `drain` says. To be
   * run once. Rejects when the store cannot be read at the start, and with a fault of ours.
   *
   * @param cursor the position that the bucket had reached; `undefined`: unknown
   */
  async run(cursor: FeedPosition | undefined, signal: AbortSignal): Promise<void> {
    if (cursor === undefined) this.#gaps++;
    this.#saved = cursor;
    this.#last = cursor ?? (await this.#options.store.head());
    await this.#keyring.load();
    const failed = new AbortController();
    const stopping = AbortSignal.any([signal, failed.signal]);
    const end = endAfter(stopping, this.#options.drain);
    const works = [
      this.#follow(stopping),
      this.#checks.run(stopping),
      this.#saveCursors(stopping),
      ...Array.from({ length: LANES }, (_, lane) => this.#lane(lane, stopping, end.signal)),
    ].map((work) => work.catch((error: unknown) => failed.abort(error)));
    // A file system that hangs cannot be told to stop.
    await Promise.race([Promise.all(works), end.reached]);
    end.cancel();
    await this.#saveCursor();
    failed.signal.throwIfAborted();
  }

  async #follow(stopping: AbortSignal): Promise<void> {
    for await (const feed of this.#options.store.follow(this.#last, stopping)) {
      if (feed.kind === 'entries') for (const entry of feed.entries) this.#take(entry);
      else if (feed.kind === 'gap') {
        this.#last = feed.position;
        this.#gaps++;
      } else continue;
      this.#signal.notify();
    }
  }

  #take(entry: FeedEntry): void {
    const before = this.#last;
    if (entry.kind === 'change') {
      const { environment, at } = entry.change;
      if (environment !== CANARY_ENVIRONMENT) {
        this.#changes.mark(environment, { before, at: Number(at / 1000n) });
      }
    } else {
      const { key } = entry;
      this.#keyring.take(key);
      this.#changes.mark(key.environment, { before, at: key.revokedAt ?? key.createdAt });
    }
    this.#last = entry.position;
  }

  /** One of several that write at the same time. While the bucket fails only the first tries. */
  async #lane(lane: number, stopping: AbortSignal, end: AbortSignal): Promise<void> {
    const { monotonic } = this.#options;
    while (!end.aborted) {
      const draining = stopping.aborted;
      const failing = this.#failures > 0;
      const pause = failing ? this.#pausedUntil - monotonic() : 0;
      const mayTry = failing ? lane === 0 && pause <= 0 && !draining : true;
      const taken = mayTry ? this.#changes.take(monotonic(), draining) : undefined;
      if (taken !== undefined) await this.#transfer(taken.environment, taken.pending, end);
      else if (draining) return;
      // The others wait for the signal, which the first notifies whenever it has tried.
      else if (failing && lane > 0) await this.#signal.wait(undefined, stopping);
      else await this.#signal.wait(pause > 0 ? pause : this.#changes.due(monotonic()), stopping);
    }
  }

  async #transfer(environment: bigint, pending: PendingUpload, end: AbortSignal): Promise<void> {
    const { store, bucket, now, monotonic } = this.#options;
    const began = monotonic();
    try {
      this.#conditions ??= await this.#tryConditions(end);
      const keys = () => this.#keyring.of(environment);
      const [conditions, keysReader] = [this.#conditions, this.#keysReader];
      const parts = { store, bucket, conditions, keys, keysReader, now, signal: end };
      const outcome = await upload(environment, parts, pending.repair);
      this.#changes.written(environment, began);
      this.#problems.delete(environment);
      this.#succeeded();
      this.#note(environment, outcome, pending);
    } catch (error) {
      const failures = this.#changes.failures(environment) + 1;
      const pause = equalJitter(failures, BUCKET_BACKOFF, this.#options.random());
      this.#changes.failed(environment, monotonic() + pause);
      // Cut off by us: that says nothing about the bucket.
      if (end.aborted) return;
      if (isOfEnvironment(error)) this.#failEnvironment(environment, error);
      else this.#fail(error);
    }
    this.#signal.notify();
  }

  async #tryConditions(signal: AbortSignal): Promise<'kept' | 'ignored'> {
    const { bucket, log } = this.#options;
    const conditions = await bucket.conditions(signal);
    if (conditions === 'ignored') {
      log.warn(
        { bucket: bucket.name },
        'the bucket ignores conditions of writes: a writer that slept can set a copy back, until the next comparison',
      );
    }
    return conditions;
  }

  #note(environment: bigint, outcome: UploadOutcome, pending: PendingUpload): void {
    const { bucket, events, log, now } = this.#options;
    if (outcome.kind === 'written') {
      events.written();
      // The store's clock may be ahead of ours.
      events.lag(Math.max(0, now() - pending.at));
    }
    if (outcome.kind !== 'ahead' && outcome.kind !== 'forked') {
      this.#ahead.delete(environment);
      return;
    }
    if (this.#ahead.has(environment)) return;
    this.#ahead.add(environment);
    const { copy, stored } =
      outcome.kind === 'ahead' ? outcome : { copy: outcome.version, stored: outcome.version };
    log.error(
      { bucket: bucket.name, environment: `${environment}`, copy: `${copy}`, store: `${stored ?? 'none'}` },
      'the bucket has what the store lost; the copy is kept as it is',
    );
  }

  #succeeded(): void {
    const { bucket, log } = this.#options;
    if (this.#failures > 0) log.info({ bucket: bucket.name }, 'the bucket takes copies again');
    this.#failures = 0;
    this.#error = undefined;
  }

  #fail(error: unknown): void {
    const { bucket, events, log, monotonic, random } = this.#options;
    if (++this.#failures === 1) {
      log.warn({ bucket: bucket.name, err: error }, 'copies cannot be written; trying until they can');
    }
    this.#error = messageOf(error);
    this.#pausedUntil = monotonic() + equalJitter(this.#failures, BUCKET_BACKOFF, random());
    events.failed();
  }

  /** The others go on: one that cannot be written must not delay them. */
  #failEnvironment(environment: bigint, error: unknown): void {
    const { bucket, events, log } = this.#options;
    const problem = messageOf(error);
    if (this.#problems.get(environment) !== problem) {
      log.warn(
        { bucket: bucket.name, environment: `${environment}`, error: problem },
        'the copy of an environment cannot be written; trying until it can',
      );
    }
    this.#problems.set(environment, problem);
    events.failed();
  }

  async #saveCursors(stopping: AbortSignal): Promise<void> {
    const pausing = new Signal();
    while (!stopping.aborted) {
      await pausing.wait(SAVE_CURSOR_MS, stopping);
      await this.#saveCursor();
    }
  }

  async #saveCursor(): Promise<void> {
    const cursor = this.#checks.complete ? this.#changes.cursor(this.#last) : undefined;
    if (cursor === undefined || cursor === this.#saved) return;
    try {
      await this.#options.saveCursor(cursor);
      this.#saved = cursor;
    } catch (error) {
      // A writer that goes on from the earlier cursor compares more than it must.
      this.#options.log.debug({ error: messageOf(error) }, 'could not save the cursor of a bucket');
    }
  }
}

/** True for an error that says something about one environment, and nothing about the others. */
function isOfEnvironment(error: unknown): boolean {
  return error instanceof HoldfastError && OF_ENVIRONMENT.has(error.code);
}
