/**
 * The time boundaries of an environment's event streams: the instants at which values that clients
 * see can change although the ruleset does not.
 *
 * These are the boundaries of every config that clients may see, and of every segment, whichever
 * configs use it: to know the users, all configs would have to be decoded. The price is a
 * notification without a change now and then. Rules for which each millisecond is a boundary have
 * none here: no stream could follow them.
 */
import { CURRENT_TIME } from './predicate-table.js';
import { boundariesOf } from './time-boundaries.js';
import { clientPosition, LAST_BOUNDARY } from '../ruleset/client-position.js';
import { decodeConfig, type EncodedConfig } from '../ruleset/decode.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { isSegment } from '../ruleset/segments.js';
import { isVisibleToClients } from '../ruleset/visible.js';

const MENTION = Buffer.from(CURRENT_TIME);

/**
 * Times in ascending order, each with the number of configs that have it. Adding and removing one
 * costs a search, not a look at all.
 */
export class SortedTimes {
  readonly #times: number[] = [];
  readonly #counts = new Map<number, number>();

  /** The number of different times. */
  get size(): number {
    return this.#times.length;
  }

  /** Adds a time. */
  add(time: number): void {
    const count = this.#counts.get(time) ?? 0;
    this.#counts.set(time, count + 1);
    if (count === 0) this.#times.splice(this.upTo(time), 0, time);
  }

  /** Removes a time, once. */
  remove(time: number): void {
    const count = this.#counts.get(time) ?? 0;
    if (count > 1) this.#counts.set(time, count - 1);
    else if (this.#counts.delete(time)) this.#times.splice(this.upTo(time) - 1, 1);
  }

  /** The time at a place. */
  at(place: number): number | undefined {
    return this.#times[place];
  }

  /** The number of times that are not after `now`. */
  upTo(now: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? Infinity) <= now) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The boundaries of one environment, brought up to date by deltas. */
export class ClientBoundaries {
  /** The boundaries of each config that has any. */
  readonly #byKey = new Map<string, readonly number[]>();
  readonly #times = new SortedTimes();

  /** True when there is no boundary. */
  get isEmpty(): boolean {
    return this.#times.size === 0;
  }

  /** Applies a delta: each config replaces the one of its key. */
  apply(configs: Iterable<EncodedConfig>): void {
    for (const config of configs) {
      const times = timesOf(config);
      for (const time of this.#byKey.get(config.key) ?? []) this.#times.remove(time);
      for (const time of times) this.#times.add(time);
      if (times.length > 0) this.#byKey.set(config.key, times);
      else this.#byKey.delete(config.key);
    }
  }

  /** The newest boundary that has passed at a time, all in milliseconds since 1970; 0: none. */
  last(now: number): number {
    return this.#times.at(this.#times.upTo(now) - 1) ?? 0;
  }

  /** The first boundary after a time; `undefined` when there is none. */
  next(now: number): number | undefined {
    return this.#times.at(this.#times.upTo(now));
  }
}

const known = new WeakMap<Ruleset, { boundaries: ClientBoundaries; version: bigint }>();

/**
 * Returns the boundaries of a ruleset as it is now. Kept as long as the ruleset; a change costs its
 * own size.
 */
export function clientBoundaries(ruleset: Ruleset): ClientBoundaries {
  let entry = known.get(ruleset);
  if (entry === undefined) known.set(ruleset, (entry = { boundaries: new ClientBoundaries(), version: 0n }));
  if (entry.version !== ruleset.version) {
    entry.boundaries.apply(ruleset.delta(entry.version));
    entry.version = ruleset.version;
  }
  return entry.boundaries;
}

/** Returns the position of a client that has everything that it can see of a ruleset at a time. */
export function currentPosition(ruleset: Ruleset, now: number): bigint {
  return clientPosition(ruleset.clientVersion, clientBoundaries(ruleset).last(now));
}

/** Returns the milliseconds that begin an interval: the first with new values. */
function timesOf(encoded: EncodedConfig): number[] {
  // Few configs mention the time, and a search in bytes costs a hundredth of decoding them.
  const { bytes } = encoded;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoded.deleted || !text.includes(MENTION)) return [];
  try {
    const config = decodeConfig(encoded);
    const boundaries = isVisibleToClients(config) || isSegment(encoded) ? boundariesOf(config) : [];
    if (boundaries === 'always') return [];
    const times = boundaries.map(({ time, after }) => (after ? Math.floor(time) + 1 : Math.ceil(time)));
    return times.filter((time) => time > 0 && time <= LAST_BOUNDARY);
  } catch {
    // A config that cannot be read has no value, at any time.
    return [];
  }
}
