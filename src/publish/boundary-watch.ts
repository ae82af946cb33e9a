/**
 * The time boundaries of all environments, on the node that leads. Pure.
 *
 * A flag with a rule on `prefab.current-time` changes for every client that asks, and no commit
 * says so. So the position of a client is its client version with the newest boundary that has
 * passed, and a boundary moves it as a commit does:
 *
 *     time        ──────── 12:00 ────────── 12:05 ─────────────── 13:00 ──────▶
 *     environment    flag is on from 12:00        commit 5→6       off from 13:00
 *     position    5           5-1200                6-1200           6-1300
 *     item                5 → 5-1200          5-1200 → 6-1200   6-1200 → 6-1300
 *
 * Every node knows the position of its rulesets at any time, so a client that subscribes or
 * recovers at some moment continues this chain. Near a boundary two nodes may differ by as much as
 * their clocks do. Then an item does not follow the position of a hold, the hold fetches its link,
 * and is right again.
 *
 * Invariant: for each environment that is loaded, `notified` is the newest boundary that shards
 * were or are being notified of, and every boundary after it is returned by `due` once. A new
 * leader begins at the time up to which the one before had notified all shards.
 *
 * Until an environment is loaded, its boundaries count as none: a change that comes then makes the
 * holds of its clients fetch their link.
 */
import TinyQueue from 'tinyqueue';
import { ClientBoundaries } from '../evaluate/client-boundaries.js';
import { clientPosition } from '../ruleset/client-position.js';
import type { Change } from '../ruleset/ruleset.js';
import type { StoredEnvironment, StoredRuleset } from '../store/store.js';
import type { ClientMove } from './refetch-schedule.js';

interface Watched {
  readonly environment: bigint;
  readonly boundaries: ClientBoundaries;
  clientVersion: bigint;
  /** The newest boundary that clients are notified of, milliseconds since 1970; 0: none. */
  notified: number;
  /** The boundary after that, for which it is in the queue; `undefined`: none is to come. */
  next: number | undefined;
}

/** An environment whose next boundary is at a time, unless its next one has become another. */
interface Coming {
  readonly time: number;
  readonly watched: Watched;
}

/** Entries of the queue that are out of date, beyond one for each environment. */
const OUTDATED_MAX = 1_000;

/** The environments that have time boundaries, and those that are not loaded yet. */
export class BoundaryWatch {
  readonly #watched = new Map<bigint, Watched>();
  /**
   * The next boundary of each environment, the first of all at the front: a change must not cost a
   * look at all environments. An entry is out of date when its environment has another next one.
   */
  #coming = queueOf([]);
  /** The environments that are not loaded; `undefined`: not even their list is known. */
  #unloaded: Set<bigint> | undefined;
  /** The environments that changed while not even their list was known. */
  readonly #early = new Set<bigint>();
  /** The environment that is being read, and the changes that came in the meantime. */
  #reading: { readonly environment: bigint; readonly arrived: Change[] } | undefined;
  #time: number;

  /**
   * @param since the time up to which clients are notified of every boundary, milliseconds since
   *   1970
   */
  constructor(since: number) {
    this.#time = since;
  }

  /** True when every environment is loaded. */
  get isLoaded(): boolean {
    return this.#unloaded?.size === 0;
  }

  /** The time up to which all boundaries were returned, milliseconds since 1970. */
  get time(): number {
    return this.#time;
  }

  /** The time of the next boundary; `undefined` when none is to come. */
  get next(): number | undefined {
    return this.#first()?.time;
  }

  /** The number of boundaries that wait, those that are out of date included. */
  get queued(): number {
    return this.#coming.length;
  }

  /** The environments that are to be read; `undefined`: they are to be listed first. */
  get unloaded(): readonly bigint[] | undefined {
    return this.#unloaded && [...this.#unloaded];
  }

  /** Takes the list of all environments. One that is created later needs no reading. */
  list(environments: Iterable<bigint>): void {
    this.#unloaded = new Set([...environments, ...this.#early]);
    this.#early.clear();
  }

  /** Collects the changes of an environment from now on, because its reading begins. */
  read(environment: bigint): void {
    this.#reading = { environment, arrived: [] };
  }

  /** Takes an environment that was read; `undefined`: it is gone, or cannot be read. */
  load(environment: bigint, stored: StoredRuleset | undefined): void {
    // There was a gap since.
    if (this.#reading?.environment !== environment) return;
    const { arrived } = this.#reading;
    this.#reading = undefined;
    this.#unloaded?.delete(environment);
    if (stored === undefined) return;
    const boundaries = new ClientBoundaries();
    boundaries.apply(stored.configs);
    let { clientVersion } = stored;
    for (const change of arrived) {
      if (change.version <= stored.version) continue;
      boundaries.apply(change.configs);
      ({ clientVersion } = change);
    }
    if (boundaries.isEmpty) return;
    const notified = boundaries.last(this.#time);
    this.#place({ environment, boundaries, clientVersion, notified, next: undefined });
  }

  /**
   * Takes a change of the feed, and returns the move of clients that it is.
   *
   * @param now milliseconds since 1970
   */
  change(change: Change, now: number): ClientMove {
    const { environment, clientPrevious, clientVersion, at } = change;
    if (this.#isUnloaded(environment)) {
      if (this.#unloaded === undefined) this.#early.add(environment);
      if (this.#reading?.environment === environment) this.#reading.arrived.push(change);
      const [previous, position] = [clientPosition(clientPrevious, 0), clientPosition(clientVersion, 0)];
      return { environment, previous, position, at };
    }
    const known = this.#watched.get(environment);
    const watched = known ?? newlyWatched(environment, clientVersion);
    const previous = clientPosition(clientPrevious, watched.notified);
    watched.boundaries.apply(change.configs);
    watched.clientVersion = clientVersion;
    // A boundary that has passed belongs to the move of the version, if there is one; else to
    // `due`.
    if (clientVersion > clientPrevious) watched.notified = watched.boundaries.last(now);
    if (!watched.boundaries.isEmpty) this.#place(watched);
    else if (this.#watched.delete(environment)) watched.next = undefined;
    return { environment, previous, position: clientPosition(clientVersion, watched.notified), at };
  }

  /**
   * Returns the moves that come with the boundaries which have passed; several of an environment
   * are one move. A clock that was set back returns nothing again.
   *
   * @param now milliseconds since 1970
   */
  due(now: number): ClientMove[] {
    const moves: ClientMove[] = [];
    for (let first = this.#first(); first !== undefined && first.time <= now; first = this.#first()) {
      this.#coming.pop();
      const { watched } = first;
      const { environment, boundaries, clientVersion, notified } = watched;
      const boundary = boundaries.last(now);
      watched.notified = boundary;
      this.#place(watched);
      moves.push({
        environment,
        previous: clientPosition(clientVersion, notified),
        position: clientPosition(clientVersion, boundary),
        at: BigInt(boundary) * 1000n,
      });
    }
    if (this.isLoaded) this.#time = Math.max(this.#time, now);
    return moves;
  }

  /** Returns the position that an environment's clients are or are being notified of. */
  positionOf({ id, clientVersion }: StoredEnvironment): bigint {
    return clientPosition(clientVersion, this.#watched.get(id)?.notified ?? 0);
  }

  /**
   * Forgets all environments, because the feed has a gap: they are to be listed and loaded again.
   */
  reset(): void {
    this.#watched.clear();
    this.#coming = queueOf([]);
    this.#unloaded = undefined;
    this.#reading = undefined;
  }

  /** Watches an environment, with its next boundary as it is now. */
  #place(watched: Watched): void {
    const known = this.#watched.get(watched.environment);
    if (known !== undefined && known !== watched) known.next = undefined;
    this.#watched.set(watched.environment, watched);
    const next = watched.boundaries.next(watched.notified);
    if (next === watched.next) return;
    watched.next = next;
    if (next !== undefined) this.#coming.push({ time: next, watched });
    if (this.#coming.length > 2 * this.#watched.size + OUTDATED_MAX) this.#rebuild();
  }

  #rebuild(): void {
    this.#coming = queueOf(
      [...this.#watched.values()].flatMap((watched) =>
        watched.next === undefined ? [] : [{ time: watched.next, watched }],
      ),
    );
  }

  /** The first entry of the queue that is not out of date. */
  #first(): Coming | undefined {
    for (;;) {
      const first = this.#coming.peek();
      if (first === undefined || first.watched.next === first.time) return first;
      this.#coming.pop();
    }
  }

  #isUnloaded(environment: bigint): boolean {
    return this.#unloaded?.has(environment) ?? true;
  }
}

function newlyWatched(environment: bigint, clientVersion: bigint): Watched {
  return { environment, boundaries: new ClientBoundaries(), clientVersion, notified: 0, next: undefined };
}

function queueOf(coming: Coming[]): TinyQueue<Coming> {
  return new TinyQueue(coming, (a, b) => a.time - b.time);
}
