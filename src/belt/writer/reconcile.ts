/**
 * Reconciles a bucket with the store: immediately when nothing is known of the bucket, then every
 * minute.
 *
 * The metrics report its findings, and it repairs everything that the feed says nothing of: a
 * manifest that was removed from outside or that a writer which slept has set back in a store
 * without conditional writes, a snapshot that a rule of the bucket took away.
 */
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import type { Keyring } from '../../keys/keyring.js';
import type { FeedPosition, Store, StoredEnvironment } from '../../store/store.js';
import { equalJitter } from '../../core/backoff.js';
import { BUCKET_BACKOFF } from './backoff.js';
import { Signal } from '../../core/signal.js';
import type { Bucket } from '../../bucket/bucket.js';
import type { UploadMark } from './changes.js';
import { compareManifest, inParallel, ManifestCache } from './manifests.js';
import { prune, SeenSnapshots } from './prune.js';

/** The intervals of reconciling and pruning. */
export interface ReconcileTimes {
  /** Between two comparisons, milliseconds. */
  readonly check: number;
  /** Between two times that all names of the bucket are gone through, milliseconds. */
  readonly sweep: number;
  /**
   * Manifests read in a second, at most, so that a large installation does not pay for its
   * comparisons.
   */
  readonly manifestsPerSecond: number;
}

/** The intervals of a real belt writer. */
export const RECONCILE_TIMES: ReconcileTimes = { check: 60_000, sweep: 10 * 60_000, manifestsPerSecond: 20 };

/** Manifests read at a time. */
const AT_A_TIME = 4;

/** The parts and settings of a reconciler. */
export interface ReconcilerOptions {
  readonly store: Store;
  readonly bucket: Bucket;
  readonly keyring: Keyring;
  readonly keep: number;
  readonly times: ReconcileTimes;
  /** Milliseconds since 1970: for the times that are said. */
  readonly now: () => number;
  /** Milliseconds, monotonic: for waiting. */
  readonly monotonic: () => number;
  readonly random: () => number;
  /**
   * The position up to which changes are marked, and how often everything had to be compared
   * because of a gap.
   */
  readonly place: () => { readonly last: FeedPosition; readonly gaps: number };
  /** Rings when that may have changed. */
  readonly signal: Signal;
  /** The environment is to be written, or looked at by a write. */
  readonly mark: (environment: bigint, mark: UploadMark) => void;
  /** True when the bucket is known to have a newer version of that environment than the store. */
  readonly isAhead: (environment: bigint) => boolean;
  readonly events: { failed(): void };
  readonly log: Logger;
}

/** Compares one bucket with the store again and again. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #manifests: ManifestCache;
  readonly #seen: SeenSnapshots;
  #compared = 0;
  #checkedAt: number | undefined;
  #sweptAt = -Infinity;
  #failures = 0;
  #error: string | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#manifests = new ManifestCache(options.bucket);
    this.#seen = new SeenSnapshots(options.monotonic);
  }

  /**
   * True when everything was compared since the last gap. Only then does a cursor say what the
   * bucket lacks.
   */
  get complete(): boolean {
    return this.#compared === this.#options.place().gaps;
  }

  /** When all manifests had been compared, milliseconds, monotonic; `undefined`: not yet. */
  get checkedAt(): number | undefined {
    return this.#checkedAt;
  }

  /** Why the last comparison failed. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Compares until the signal aborts. */
  async run(stopping: AbortSignal): Promise<void> {
    const { monotonic, random, times } = this.#options;
    while (!stopping.aborted) {
      try {
        await this.#check(stopping);
        if (monotonic() - this.#sweptAt >= times.sweep) await this.#sweep(stopping);
        this.#failures = 0;
        this.#error = undefined;
      } catch (error) {
        this.#fail(error, stopping);
      }
      const failing = this.#failures > 0;
      // Not at the same moment as the writers of other installations.
      const pause = failing
        ? equalJitter(this.#failures, BUCKET_BACKOFF, random())
        : times.check * (0.9 + 0.2 * random());
      await this.#pause(pause, !failing, stopping);
    }
  }

  #fail(error: unknown, stopping: AbortSignal): void {
    const { bucket, events, log } = this.#options;
    if (stopping.aborted) return;
    this.#error = messageOf(error);
    events.failed();
    if (++this.#failures === 1) {
      log.warn({ bucket: bucket.name, err: error }, 'copies cannot be compared; trying until they can');
    }
  }

  /** @param early whether a gap in the feed ends it */
  async #pause(milliseconds: number, early: boolean, stopping: AbortSignal): Promise<void> {
    const { monotonic, signal } = this.#options;
    const until = monotonic() + milliseconds;
    while (!stopping.aborted && monotonic() < until && (this.complete || !early)) {
      await signal.wait(until - monotonic(), stopping);
    }
  }

  async #check(stopping: AbortSignal): Promise<void> {
    const { store, keyring, monotonic, times, place } = this.#options;
    // The position first: what is committed while the rest is read comes with the feed.
    const { last, gaps } = place();
    const complete = this.complete;
    if (!complete) await keyring.load();
    const pause = complete ? (AT_A_TIME * 1000) / times.manifestsPerSecond : 0;
    const resting = new Signal();
    await inParallel(await store.environments(), AT_A_TIME, async (stored) => {
      // A gap that came in the meantime begins another comparison, which is not to wait for this
      // one.
      if (place().gaps !== gaps) return;
      stopping.throwIfAborted();
      await this.#compare(stored, complete ? last : undefined, stopping);
      if (pause > 0) await resting.wait(pause, stopping);
    });
    if (place().gaps !== gaps) return;
    this.#compared = gaps;
    this.#checkedAt = monotonic();
  }

  async #compare(
    stored: StoredEnvironment,
    before: FeedPosition | undefined,
    stopping: AbortSignal,
  ): Promise<void> {
    const { keyring, mark, isAhead, now } = this.#options;
    const { kind } = await compareManifest(this.#manifests, stored, keyring.of(stored.id), stopping);
    // One that is ahead is read once more when that is news, because only a write tells it
    // from a change that came in between.
    const known = kind === 'ahead' && isAhead(stored.id);
    if (known || (kind === 'equal' && !isAhead(stored.id))) return;
    mark(stored.id, { before, at: stored.at === 0n ? now() : Number(stored.at / 1000n) });
  }

  async #sweep(stopping: AbortSignal): Promise<void> {
    const { store, bucket, keep, now, monotonic, place, mark, isAhead } = this.#options;
    const before = place().last;
    const { environments, damaged } = await store.listEnvironments();
    const stored = new Set([...environments, ...damaged].flatMap(({ id }) => id ?? []));
    const swept = await prune({
      ...{ bucket, keep, stored, signal: stopping },
      manifests: this.#manifests,
      seen: this.#seen,
    });
    for (const environment of swept.environments) {
      if (!stored.has(environment) && !isAhead(environment)) mark(environment, { before, at: now() });
    }
    for (const environment of swept.incomplete) mark(environment, { before, at: now(), repair: true });
    this.#sweptAt = monotonic();
  }
}
