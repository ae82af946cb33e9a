/**
 * The uploads that a bucket has yet to get: a set of environments, and the time at which each may
 * be written. Pure.
 *
 * Invariant: an environment that changed after the cursor is in the set, until a write that began
 * after the change has succeeded. So the cursor may be kept in the store, and a writer that goes on
 * from there finds everything that the bucket lacks.
 *
 * A set and not a queue of changes: what is written is always the present state. So however many
 * changes come while a write is under way or a bucket is unreachable, one write follows.
 */
import type { FeedPosition } from '../../store/store.js';

/** At most one write per environment in this time, milliseconds. */
export const REST_MS = 1_000;

/** The position and time of a change. */
export interface UploadMark {
  /** The feed position before the change; `undefined`: there is none that one could go on from. */
  readonly before: FeedPosition | undefined;
  /** When it was committed, milliseconds since 1970. */
  readonly at: number;
  /** The snapshot is to be written although the manifest names it. */
  readonly repair?: boolean;
}

/** The changes of an environment that are not written yet. */
export interface PendingUpload extends UploadMark {
  /** Ascending in the order of the feed. */
  readonly sequence: number;
}

/** The environments that a bucket lacks, and its cursor. */
export class PendingUploads {
  readonly #waiting = new Map<bigint, PendingUpload>();
  readonly #writing = new Map<bigint, PendingUpload>();
  /** Until when an environment that was written is left alone, the earliest first. */
  readonly #resting = new Map<bigint, number>();
  /** The environments whose last write failed: how often in a row, and until when they wait. */
  readonly #delayed = new Map<bigint, { readonly failures: number; readonly until: number }>();
  #sequence = 0;

  /** The number of environments that are not written. */
  get size(): number {
    let size = this.#waiting.size;
    for (const environment of this.#writing.keys()) if (!this.#waiting.has(environment)) size++;
    return size;
  }

  /** When the oldest change was committed that is not written, milliseconds since 1970. */
  get oldest(): number | undefined {
    return this.#least(({ at }) => at)?.at;
  }

  mark(environment: bigint, mark: UploadMark): void {
    this.#add(environment, { ...mark, sequence: this.#sequence++ });
  }

  /**
   * Takes the next environment to be written. @param hurry whether also one that was written just
   * now
   */
  take(now: number, hurry = false): { environment: bigint; pending: PendingUpload } | undefined {
    this.#wakeUp(now);
    for (const [environment, pending] of this.#waiting) {
      if (this.#writing.has(environment) || (!hurry && this.#resting.has(environment))) continue;
      if ((this.#delayed.get(environment)?.until ?? now) > now) continue;
      this.#waiting.delete(environment);
      this.#writing.set(environment, pending);
      return { environment, pending };
    }
    return undefined;
  }

  /**
   * In how many milliseconds one that waits can be taken; `undefined`: not before something else
   * happens.
   */
  due(now: number): number | undefined {
    let first: number | undefined;
    for (const [environment, { until }] of this.#delayed) {
      if (this.#waiting.has(environment)) first = Math.min(until, first ?? until);
    }
    for (const [environment, until] of this.#resting) {
      if (!this.#waiting.has(environment) || this.#delayed.has(environment)) continue;
      first = Math.min(until, first ?? until);
      break;
    }
    return first === undefined ? undefined : Math.max(0, first - now);
  }

  /** @param began when the write began */
  written(environment: bigint, began: number): void {
    this.#writing.delete(environment);
    this.#delayed.delete(environment);
    this.#resting.delete(environment);
    this.#resting.set(environment, began + REST_MS);
  }

  /** Returns how often in a row the writes of an environment have failed. */
  failures(environment: bigint): number {
    return this.#delayed.get(environment)?.failures ?? 0;
  }

  /** @param until when it may be tried again: the others are not to wait for it */
  failed(environment: bigint, until = 0): void {
    this.#delayed.set(environment, { failures: this.failures(environment) + 1, until });
    const pending = this.#writing.get(environment);
    this.#writing.delete(environment);
    if (pending !== undefined) this.#add(environment, pending);
  }

  /**
   * Where to go on from, so that nothing is missed. @param last the newest position whose change
   * was marked
   */
  cursor(last: FeedPosition): FeedPosition | undefined {
    const oldest = this.#least(({ sequence }) => sequence);
    return oldest === undefined ? last : oldest.before;
  }

  #add(environment: bigint, pending: PendingUpload): void {
    const known = this.#waiting.get(environment);
    if (known === undefined) {
      this.#waiting.set(environment, pending);
      return;
    }
    const first = known.sequence < pending.sequence ? known : pending;
    const repair = known.repair === true || pending.repair === true;
    this.#waiting.set(environment, { ...first, at: Math.min(known.at, pending.at), repair });
  }

  #wakeUp(now: number): void {
    for (const [environment, until] of this.#resting) {
      if (until > now) return;
      this.#resting.delete(environment);
    }
  }

  #least(of: (pending: PendingUpload) => number): PendingUpload | undefined {
    let least: PendingUpload | undefined;
    for (const pendings of [this.#waiting, this.#writing]) {
      for (const pending of pendings.values()) {
        if (least === undefined || of(pending) < of(least)) least = pending;
      }
    }
    return least;
  }
}
