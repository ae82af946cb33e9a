/**
 * The belt writer: while this node has the belt's lease, every environment that changes is copied
 * to every bucket.
 *
 *     feed ──┬──▶ worker ──▶ bucket
 *            └──▶ worker ──▶ bucket
 *
 * Two writers for a moment do no harm (transfer.ts says why), so the lease only keeps the work from
 * being done twice. It is not the publisher's: a bucket in trouble must not make another node
 * publish, and `holdfast belt` writes without serving.
 */
import type { Logger } from 'pino';
import { sleep } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { StaleCursors } from '../../leader/stale-cursors.js';
import type { Store } from '../../store/store.js';
import { equalJitter } from '../../core/backoff.js';
import { BUCKET_BACKOFF } from './backoff.js';
import { Signal } from '../../core/signal.js';
import type { Bucket } from '../../bucket/bucket.js';
import type { ReconcileTimes } from './reconcile.js';
import { BucketWorker, type BucketWorkerEvents, type BucketStatus } from './worker.js';

/** The parts and settings of a belt writer. */
export interface BeltWriterOptions {
  readonly store: Store;
  readonly buckets: readonly Bucket[];
  /** Unique to this process. */
  readonly holder: string;
  /**
   * The number of snapshots of an environment that stay in a bucket, the newest included; at least
   * 1.
   */
  readonly keep: number;
  /** Milliseconds for which changes that are waiting are still written when this is to stop. */
  readonly drain: number;
  /** The metrics of a bucket's worker. */
  readonly observe: (bucket: string) => BucketWorkerEvents;
  readonly log: Logger;
  /** Milliseconds since 1970: for the times that are said. */
  readonly now: () => number;
  /** Milliseconds, monotonic: for waiting. */
  readonly monotonic: () => number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly times?: ReconcileTimes;
}

/** The state of the belt writer, for readiness and metrics. */
export interface BeltStatus {
  /** True when this node is the one that writes. */
  readonly writer: boolean;
  /** Empty on nodes that do not write. */
  readonly buckets: readonly BucketStatus[];
}

/** Copies every changed environment to every bucket while this node has the belt's lease. */
export class BeltWriter {
  readonly #options: BeltWriterOptions;
  readonly #workers = new Map<Bucket, BucketWorker>();
  #writing = false;

  constructor(options: BeltWriterOptions) {
    this.#options = options;
  }

  status(): BeltStatus {
    return { writer: this.#writing, buckets: [...this.#workers.values()].map((worker) => worker.status()) };
  }

  /**
   * Writes copies until the signal aborts. To be called while this process has the lease
   * `beltLeadership`.
   */
  async lead(signal: AbortSignal): Promise<void> {
    this.#writing = true;
    try {
      const works = this.#options.buckets.map((bucket) => this.#keep(bucket, signal));
      await Promise.all([...works, this.#staleCursors().run(signal)]);
    } finally {
      this.#writing = false;
      this.#workers.clear();
    }
  }

  #staleCursors(): StaleCursors {
    const { store, buckets, holder, log, monotonic } = this.#options;
    return new StaleCursors({
      leadership: store.beltLeadership,
      holder,
      present: () => buckets.map(({ name }) => name),
      clock: { monotonic, sleep },
      log,
    });
  }

  /**
   * Keeps a bucket's worker running: what ends one is its own matter and not that of the others.
   */
  async #keep(bucket: Bucket, signal: AbortSignal): Promise<void> {
    const { store, holder, log, random, observe } = this.#options;
    const stopped = (): boolean => signal.aborted;
    for (let failures = 1; !stopped(); failures++) {
      const worker = new BucketWorker({
        ...this.#options,
        bucket,
        events: observe(bucket.name),
        saveCursor: (position) =>
          store.beltLeadership.saveCursors(holder, new Map([[bucket.name, position]])),
      });
      this.#workers.set(bucket, worker);
      try {
        const cursors = await store.beltLeadership.cursors();
        await worker.run(cursors.get(bucket.name), signal);
      } catch (error) {
        if (stopped()) return;
        log.error({ bucket: bucket.name, error: messageOf(error) }, 'copying failed; starting again');
        await new Signal().wait(equalJitter(failures, BUCKET_BACKOFF, random()), signal);
      }
    }
  }
}
