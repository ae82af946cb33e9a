/**
 * The schedule of refetch notifications: the times at which the clients of event streams are
 * notified that something they see has changed. Not all together, because each of them then asks
 * for all its values, and the providers do so without a delay of their own. Pure.
 *
 * The holds of an environment are on eight channels, its shards. After a change that clients see,
 * the shards are notified one after the other, an eighth of the spread apart, each of the state at
 * its turn:
 *
 *     spread 2 s           0     0.25   0.5   0.75   1.0   1.25   1.5   1.75   2.0   2.25   2.5 …
 *     turn of shard        3      4      5     6      7     0      1     2      3     4      5
 *     changes       5→6 ▲                  6→7 ▲
 *     notified             5→6    5→6    5→6   5→7    5→7   5→7    5→7   5→7    6→7   6→7    6→7
 *
 * So changes that come in the meantime cost no further round: an environment has at most one item
 * per eighth of the spread and each client is notified at most once per spread, however many
 * changes there are, and the last of them reaches every shard.
 *
 * A time boundary that passes is a change of what clients see as well; see boundary-watch.ts.
 *
 * Invariant: for each shard, `notified` is the position of its last notification, and while that is
 * not the environment's position the environment has a turn to come. An item says that it follows
 * the last notification of its shard, so a hold that missed one fetches its link, as with any other
 * item.
 *
 * The part of this that is in memory only is safe by the feed: `settled` is a position up to which
 * every change has been sent to all shards, with a time for boundaries. It is kept in the store
 * like the cursors of proxies, and the next leader begins there. It may notify a shard again:
 * proxies drop repeats within a minute, and after that a hold that has it already gets an empty
 * answer from its link. Where that does not help (the store is unavailable, the feed was trimmed),
 * the link's timeout does: no hold is behind for longer than T.
 */
import { CLIENT_SHARDS } from '../grip/channels.js';
import type { FeedPosition } from '../store/store.js';

/** A notification of one shard. */
export interface Refetch {
  readonly environment: bigint;
  readonly shard: number;
  /** The position of the shard's notification before. */
  readonly previous: bigint;
  /** The position of the values to fetch. */
  readonly position: bigint;
  /** The time of their commit, microseconds since 1970. */
  readonly at: bigint;
}

/**
 * A move of an environment's clients: something that they see has changed, by a commit or because a
 * time boundary has passed. Positions are those of ruleset/client-position.ts.
 */
export interface ClientMove {
  readonly environment: bigint;
  readonly previous: bigint;
  readonly position: bigint;
  /** The time of the commit, or of the boundary, microseconds since 1970. */
  readonly at: bigint;
}

/**
 * The extent of notifications: of all changes up to a position, and all boundaries up to a time.
 */
export interface RefetchProgress {
  readonly position: FeedPosition;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Moves of which not all shards are notified yet. */
interface Unsettled {
  /** The progress before the first of them. */
  readonly before: RefetchProgress;
  /** The position of the last. */
  position: bigint;
}

/** An environment with turns to come. */
interface Round {
  position: bigint;
  /** The time of its commit, microseconds. */
  at: bigint;
  /** The position of each shard's last notification. */
  readonly notified: bigint[];
  /** The shard whose turn is next. */
  shard: number;
  /** The time of that turn, milliseconds. */
  due: number;
  /** Turns in a row without a notification. */
  idle: number;
  /** The oldest first; moves between two turns are one. */
  readonly unsettled: Unsettled[];
  /** True when the last of `unsettled` was added since the last turn. */
  open: boolean;
}

/** The turns of all environments. */
export class RefetchSchedule {
  readonly #gap: number;
  readonly #random: () => number;
  /**
   * The rounds by environment, in the order of their turns: each goes to the end after its turn,
   * and every wait is equally long.
   */
  readonly #rounds = new Map<bigint, Round>();
  /** The unsettled moves of all rounds, the oldest first. */
  readonly #unsettled = new Set<Unsettled>();

  /**
   * @param spread milliseconds over which all shards are notified; 0: no delay
   * @param random from 0 (inclusive) to 1 (exclusive): draws the shard that is first
   */
  constructor(spread: number, random: () => number) {
    this.#gap = spread / CLIENT_SHARDS;
    this.#random = random;
  }

  /** The time of the next turn, in the time of `due`; `undefined` when none is to come. */
  get next(): number | undefined {
    const [round] = this.#rounds.values();
    return round?.due;
  }

  /**
   * Takes a move, in the order of the feed, and returns the notifications that are due immediately:
   * that of the first shard, when no round is on.
   *
   * @param before the progress before it
   * @param now milliseconds, monotonic
   */
  apply(move: ClientMove, before: RefetchProgress, now: number): Refetch[] {
    const { environment, previous, position, at } = move;
    const known = this.#rounds.get(environment);
    // Clients do not see it, or it is taken for the second time.
    if (position <= (known?.position ?? previous)) return [];
    const round = known ?? this.#begin(previous);
    Object.assign(round, { position, at, idle: 0 });
    this.#note(round, before);
    return known === undefined ? this.#turns(environment, round, now) : [];
  }

  /** Returns the notifications that are due. To be called at `next`. */
  due(now: number): Refetch[] {
    const refetches: Refetch[] = [];
    for (const [environment, round] of this.#rounds) {
      // All behind it come later.
      if (round.due > now) break;
      this.#rounds.delete(environment);
      refetches.push(...this.#turns(environment, round, now));
    }
    return refetches;
  }

  /**
   * Returns the progress up to which all shards are notified of every move.
   *
   * @param last the progress up to which moves were taken
   */
  settled(last: RefetchProgress): RefetchProgress {
    const [oldest] = this.#unsettled;
    return oldest?.before ?? last;
  }

  /** Forgets all turns: resync items tell every hold to fetch its link. */
  reset(): void {
    this.#rounds.clear();
    this.#unsettled.clear();
  }

  #begin(position: bigint): Round {
    const notified = Array.from({ length: CLIENT_SHARDS }, () => position);
    const shard = Math.floor(CLIENT_SHARDS * this.#random());
    return { position, at: 0n, notified, shard, due: 0, idle: 0, unsettled: [], open: false };
  }

  #note(round: Round, before: RefetchProgress): void {
    const last = round.unsettled.at(-1);
    if (round.open && last !== undefined) {
      last.position = round.position;
      return;
    }
    const unsettled = { before, position: round.position };
    round.unsettled.push(unsettled);
    round.open = true;
    this.#unsettled.add(unsettled);
  }

  /** Takes one turn, and schedules the next; all turns together when there is no spread. */
  #turns(environment: bigint, round: Round, now: number): Refetch[] {
    const count = this.#gap === 0 ? CLIENT_SHARDS : 1;
    const refetches: Refetch[] = [];
    for (let i = 0; i < count; i++) refetches.push(...this.#turn(environment, round));
    // After a whole round without a notification, a new round notifies no shard twice within a
    // spread.
    if (this.#gap > 0 && round.idle < CLIENT_SHARDS) {
      round.due = now + this.#gap;
      this.#rounds.set(environment, round);
    }
    return refetches;
  }

  #turn(environment: bigint, round: Round): Refetch[] {
    const { shard, position, at, notified, unsettled } = round;
    const previous = notified[shard] ?? position;
    round.shard = (shard + 1) % CLIENT_SHARDS;
    round.open = false;
    if (previous === position) {
      round.idle++;
      return [];
    }
    notified[shard] = position;
    for (let oldest = unsettled[0]; oldest !== undefined; oldest = unsettled[0]) {
      const reached = oldest.position;
      if (notified.some((each) => each < reached)) break;
      this.#unsettled.delete(oldest);
      unsettled.shift();
    }
    return [{ environment, shard, previous, position, at }];
  }
}
