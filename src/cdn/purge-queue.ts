/**
 * The queue of surrogate keys to purge, each with its time. Pure.
 *
 * A purge that comes before every node has the change is worse than none: the next request puts the
 * old answer back into the cache. The leader knows of no node but itself, so it waits `delay`,
 * which is many times what nodes take; and because one may take longer, and an answer from before
 * may have been on its way to the cache when the purge came, each key is purged once more
 * `REPEAT_MS` later.
 *
 *     change ──delay──▶ purge ──REPEAT_MS──▶ purge again
 *
 * Invariant: for each entry of the feed up to the last that was taken, its keys have been purged
 * `delay` after it came or later, or are in `#waiting`. The number of environments bounds memory: a
 * key waits once, however often it changes.
 */
import { CANARY_ENVIRONMENT } from '../store/rules.js';
import type { FeedEntry, FeedPosition } from '../store/store.js';
import { rulesetKey, valuesKey } from './surrogate-keys.js';

/** Milliseconds: longer than an answer is under way, and than a slow node takes to follow. */
export const REPEAT_MS = 5_000;
/** The number of keys that Fastly takes in one request. */
export const MAX_KEYS = 256;

/** The keys of one purge request. */
export interface PurgeBatch {
  readonly keys: readonly string[];
  /**
   * To be called when the keys are purged.
   *
   * @param sentAt the time of the request
   * @param now the time of its answer
   * @returns for each key that was purged for the first time since a change, milliseconds from the
   * commit to `now`
   */
  readonly settle: (sentAt: number, now: number) => number[];
}

/** A change of a key. The first and the last one of a waiting key are known. */
interface Changed {
  /** The place in the feed before it, and how many entries were taken before it. */
  readonly before: FeedPosition;
  readonly count: number;
  /** The time of its arrival here. */
  readonly at: number;
  /** The time of its commit, by the store's clock. */
  readonly committedAt: number;
}

interface Waiting {
  readonly first: Changed;
  readonly last: Changed;
}

/** The keys that wait for a purge. All times are milliseconds since 1970. */
export class PurgeQueue {
  readonly #delay: number;
  readonly #waiting = new Map<string, Waiting>();
  /** The times of second purges. */
  readonly #repeats = new Map<string, number>();
  #seen: FeedPosition;
  #count = 0;

  /**
   * @param seen the place in the feed that it begins after
   * @param delay milliseconds from a change to the purge
   */
  constructor(seen: FeedPosition, delay: number) {
    this.#seen = seen;
    this.#delay = delay;
  }

  /** The number of keys that were changed and not purged since. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The position up to which everything is purged: a successor goes on there. */
  get cursor(): FeedPosition {
    let oldest: Changed | undefined;
    for (const { first } of this.#waiting.values())
      if (oldest === undefined || first.count < oldest.count) oldest = first;
    return oldest?.before ?? this.#seen;
  }

  /** Takes a feed entry. @param now the time of its arrival */
  take(entry: FeedEntry, now: number): void {
    if (entry.kind === 'change') {
      const { environment, version, clientVersion, at } = entry.change;
      const committedAt = Number(at / 1000n);
      const isCached = environment !== CANARY_ENVIRONMENT;
      if (isCached) this.#add(rulesetKey(environment), now, committedAt);
      if (isCached && clientVersion === version) this.#add(valuesKey(environment), now, committedAt);
    } else if (entry.key.revokedAt !== undefined) {
      // Cached responses are kept per API key; no client may have those of a revoked one.
      const { environment, revokedAt } = entry.key;
      this.#add(rulesetKey(environment), now, revokedAt);
      this.#add(valuesKey(environment), now, revokedAt);
    }
    this.#count++;
    this.#seen = entry.position;
  }

  /** Takes all environments: the changes up to that position are unknown. */
  takeAll(environments: Iterable<bigint>, seen: FeedPosition, now: number): void {
    for (const environment of environments) {
      this.#add(rulesetKey(environment), now, now);
      this.#add(valuesKey(environment), now, now);
    }
    this.#count++;
    this.#seen = seen;
  }

  /** The time of the next purge; `undefined` when none is to come. */
  due(): number | undefined {
    let due: number | undefined;
    const consider = (at: number): void => {
      if (due === undefined || at < due) due = at;
    };
    for (const { first } of this.#waiting.values()) consider(first.at + this.#delay);
    for (const at of this.#repeats.values()) consider(at);
    return due;
  }

  /** Returns the keys to purge now, the oldest first; `undefined` when there are none. */
  next(now: number): PurgeBatch | undefined {
    const first: [string, Waiting][] = [];
    for (const pair of this.#waiting) {
      if (first.length === MAX_KEYS) break;
      if (pair[1].first.at + this.#delay <= now) first.push(pair);
    }
    const again: string[] = [];
    for (const [key, due] of this.#repeats) {
      if (first.length + again.length === MAX_KEYS) break;
      if (due <= now && !first.some(([other]) => other === key)) again.push(key);
    }
    const keys = [...first.map(([key]) => key), ...again];
    if (keys.length === 0) return undefined;
    return { keys, settle: (sentAt, at) => this.#settle(first, again, sentAt, at) };
  }

  #settle(purged: [string, Waiting][], again: string[], sentAt: number, now: number): number[] {
    for (const key of again) this.#repeats.delete(key);
    for (const [key, { first }] of purged) {
      const last = this.#waiting.get(key)?.last;
      this.#waiting.delete(key);
      this.#repeats.delete(key);
      this.#repeats.set(key, now + REPEAT_MS);
      // It changed while it waited, and nodes had less than the delay to follow: it waits for that
      // change too. The cursor stays before the first, because changes between the two may be as
      // late.
      if (last !== undefined && last.at + this.#delay > sentAt) {
        const { before, count } = first;
        this.#waiting.set(key, { first: { ...last, before, count }, last });
      }
    }
    return purged.map(([, { first }]) => Math.max(0, now - first.committedAt));
  }

  #add(key: string, at: number, committedAt: number): void {
    const last: Changed = { before: this.#seen, count: this.#count, at, committedAt };
    // A map keeps the place of a key that it has, so the order is that of the first changes.
    this.#waiting.set(key, { first: this.#waiting.get(key)?.first ?? last, last });
  }
}
