/** Schedules refetch notifications, and sends them when due. */
import type { Logger } from 'pino';
import { equalJitter, type BackoffRange } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { isRetryable, messageOf } from '../core/errors.js';
import { eventLoop } from '../core/turns.js';
import { Signal } from '../core/signal.js';
import { CLIENT_SHARDS } from '../grip/channels.js';
import type { FeedEntry, FeedPosition, Store, StoredEnvironment, StoredRuleset } from '../store/store.js';
import { BoundaryWatch } from './boundary-watch.js';
import type { History } from './history.js';
import { refetchEntryOf, type OutboxEntry } from './outbox/entry.js';
import { RefetchSchedule, type Refetch, type RefetchProgress } from './refetch-schedule.js';

/** The collaborators of the notifier. */
export interface RefetchNotifierOptions {
  readonly store: Pick<Store, 'environments' | 'read'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds over which the clients of an environment are notified of a change. */
  readonly spread: number;
  /** Sends entries to all proxies. */
  readonly send: (entries: readonly OutboxEntry[]) => void;
  /**
   * Called, often, with the progress up to which all clients were sent a notification of every
   * move.
   */
  readonly settled: (progress: RefetchProgress) => void;
}

/**
 * Boundaries are taken this much late at most, milliseconds: an eighth of the spread, so that the
 * last shard still is notified within the spread. By then the boundary has passed by the clocks of
 * all nodes, which answer those who fetch.
 */
const MAX_DELAY_MS = 1_000;
/** A timer cannot be longer than 2^31 ms, and would end immediately; clocks may be set, too. */
const LONGEST_TIMER_MS = 60 * 60 * 1000;
/**
 * The least pause for each environment that is read, milliseconds: a new leader of an installation
 * with thousands reads each of them once, one at a time, at most 500 a second, and leaves the store
 * at least half of the time to others. Until then the holds of an environment that is not read learn
 * of a boundary by their link.
 */
const READ_PAUSE_MS = 2;
/** Pauses are taken together once they are so long, because timers are coarse. Milliseconds. */
const PAUSES_TOGETHER_MS = 20;
/** The backoff of reading environments, milliseconds. */
const BACKOFF: BackoffRange = { first: 1_000, max: 30_000 };

/** The part of the notifier in the state that a leader leaves to its successor. */
export interface UnfinishedRefetches {
  /** The time up to which all clients were notified of time boundaries, milliseconds since 1970. */
  readonly since: number;
  /** The entries that not all clients were notified of. */
  readonly unnotified: History;
  /** The entries that not all proxies have. */
  readonly unsent: History;
  /** The position of the newest entry of the history, or of the feed. */
  readonly last: FeedPosition;
}

/** Notifies the clients of event streams that something they see has changed. */
export class RefetchNotifier {
  readonly #options: RefetchNotifierOptions;
  readonly #schedule: RefetchSchedule;
  #watch: BoundaryWatch;
  readonly #delay: number;
  readonly #gap = new Signal();
  /** The position of the feed entry that was taken last; notifications have it too. */
  #last: FeedPosition = '';
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RefetchNotifierOptions) {
    const { spread, clock } = options;
    this.#options = options;
    this.#schedule = new RefetchSchedule(spread, clock.random);
    this.#watch = new BoundaryWatch(clock.now());
    this.#delay = Math.min(spread / CLIENT_SHARDS, MAX_DELAY_MS);
  }

  /**
   * Takes the changes that the leader before left: those that not all clients were notified of, and
   * those that not every proxy had. Both end at the head, so the longer one contains the other.
   */
  begin({ since, unnotified, unsent, last }: UnfinishedRefetches): void {
    this.#watch = new BoundaryWatch(since);
    const longer = unnotified.entries.length > unsent.entries.length ? unnotified : unsent;
    const known = new Set(longer.entries.map(({ position }) => position));
    const more = unsent.entries.filter(({ position }) => !known.has(position));
    this.#take([...longer.entries, ...more], longer.cursor ?? last, last);
  }

  /**
   * Loads the time boundaries of all environments, and again after a gap, until the signal aborts.
   * Never rejects: what cannot be read is read later.
   */
  async load(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#loadAll(signal);
        failures = 0;
        if (this.#watch.isLoaded) await this.#gap.wait(undefined, signal);
      } catch (error) {
        failures++;
        log.warn(
          { error: messageOf(error) },
          'could not read the time boundaries of scheduled rules; trying again',
        );
        await clock.sleep(equalJitter(failures, BACKOFF, clock.random()), signal);
      }
    }
  }

  /** Takes new entries of the feed. @param before the position of the entry before them */
  apply(entries: readonly FeedEntry[], before: FeedPosition): void {
    this.#take(entries, before, entries.at(-1)?.position ?? before);
  }

  /** Forgets all that is scheduled: after a gap every hold is made to fetch its link. */
  reset(position: FeedPosition): void {
    this.#schedule.reset();
    this.#watch.reset();
    this.#last = position;
    this.#gap.notify();
    this.#send([]);
  }

  /** Returns the position that an environment's clients are or are being notified of. */
  positionOf(environment: StoredEnvironment): bigint {
    return this.#watch.positionOf(environment);
  }

  /** Sends nothing more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #loadAll(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (this.#watch.unloaded === undefined) {
      const environments = await this.#options.store.environments();
      this.#watch.list(environments.map(({ id }) => id));
    }
    let owed = 0;
    for (const environment of this.#watch.unloaded ?? []) {
      if (signal.aborted) return;
      const begun = clock.monotonic();
      this.#watch.read(environment);
      const stored = await this.#read(environment);
      await eventLoop.begin();
      this.#watch.load(environment, stored);
      owed += Math.max(READ_PAUSE_MS, clock.monotonic() - begun);
      if (owed < PAUSES_TOGETHER_MS) continue;
      await clock.sleep(owed, signal);
      owed = 0;
    }
    this.#send(this.#moveOn());
  }

  async #read(environment: bigint): Promise<StoredRuleset | undefined> {
    try {
      return await this.#options.store.read(environment);
    } catch (error) {
      if (isRetryable(error)) throw error;
      this.#options.log.error(
        { environment: `${environment}`, error: messageOf(error) },
        'an environment cannot be read: its clients are notified of scheduled rules by the recovery link only',
      );
      return undefined;
    }
  }

  #take(entries: readonly FeedEntry[], before: FeedPosition, last: FeedPosition): void {
    const { monotonic } = this.#options.clock;
    const refetches: Refetch[] = [];
    let previous = before;
    for (const entry of entries) {
      if (entry.kind === 'change') {
        const progress = { position: previous, time: this.#watch.time };
        const move = this.#watch.change(entry.change, this.#now());
        refetches.push(...this.#schedule.apply(move, progress, monotonic()));
      }
      previous = entry.position;
    }
    this.#last = last;
    this.#send([...refetches, ...this.#moveOn()]);
  }

  /** Takes the boundaries that have passed. */
  #moveOn(): Refetch[] {
    const { monotonic } = this.#options.clock;
    const progress = { position: this.#last, time: this.#watch.time };
    const moves = this.#watch.due(this.#now());
    return moves.flatMap((move) => this.#schedule.apply(move, progress, monotonic()));
  }

  #now(): number {
    return this.#options.clock.now() - this.#delay;
  }

  #send(refetches: readonly Refetch[]): void {
    if (this.#stopped) return;
    const { send, settled } = this.#options;
    if (refetches.length > 0) send(refetches.map((refetch) => refetchEntryOf(refetch, this.#last)));
    settled(this.#schedule.settled({ position: this.#last, time: this.#watch.time }));
    this.#arm();
  }

  #arm(): void {
    const { monotonic } = this.#options.clock;
    const turn = (this.#schedule.next ?? Infinity) - monotonic();
    const boundary = (this.#watch.next ?? Infinity) - this.#now();
    const wait = Math.min(turn, boundary, LONGEST_TIMER_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#send([...this.#schedule.due(monotonic()), ...this.#moveOn()]),
      Math.max(0, wait),
    );
  }
}
