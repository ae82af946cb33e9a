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
import { ClientBoundaries } from '../evaluate/client-boundaries.js';
import { clientPosition } from '../ruleset/client-position.js';
import type { Change } from '../ruleset/ruleset.js';
import type { StoredEnvironment, StoredRuleset } from '../store/store.js';
import type { ClientMove } from './refetch-schedule.js';

interface Watched {
  readonly boundaries: ClientBoundaries;
  clientVersion: bigint;
  /** The newest boundary that clients are notified of, milliseconds since 1970; 0: none. */
  notified: number;
}

/** The environments that have time boundaries, and those that are not loaded yet. */
export class BoundaryWatch {
  readonly #watched = new Map<bigint, Watched>();
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
    let next: number | undefined;
    for (const { boundaries, notified } of this.#watched.values()) {
      const boundary = boundaries.next(notified);
      if (boundary !== undefined && boundary < (next ?? Infinity)) next = boundary;
    }
    return next;
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
    this.#watched.set(environment, { boundaries, clientVersion, notified: boundaries.last(this.#time) });
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
    const watched = known ?? { boundaries: new ClientBoundaries(), clientVersion, notified: 0 };
    const previous = clientPosition(clientPrevious, watched.notified);
    watched.boundaries.apply(change.configs);
    watched.clientVersion = clientVersion;
    // A boundary that has passed belongs to the move of the version, if there is one; else to
    // `due`.
    if (clientVersion > clientPrevious) watched.notified = watched.boundaries.last(now);
    if (watched.boundaries.isEmpty) this.#watched.delete(environment);
    else this.#watched.set(environment, watched);
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
    for (const [environment, watched] of this.#watched) {
      const { boundaries, clientVersion, notified } = watched;
      const boundary = boundaries.last(now);
      if (boundary <= notified) continue;
      watched.notified = boundary;
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
    this.#unloaded = undefined;
    this.#reading = undefined;
  }

  #isUnloaded(environment: bigint): boolean {
    return this.#unloaded?.has(environment) ?? true;
  }
}
