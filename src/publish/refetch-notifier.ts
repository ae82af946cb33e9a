/** Schedules refetch notifications, and sends them when due. */
import type { Clock } from '../core/clock.js';
import type { FeedEntry, FeedPosition } from '../store/store.js';
import type { History } from './history.js';
import { refetchEntryOf, type OutboxEntry } from './outbox/entry.js';
import { RefetchSchedule, type Refetch } from './refetch-schedule.js';

/** The collaborators of the notifier. */
export interface RefetchNotifierOptions {
  readonly clock: Clock;
  /** Sends entries to all proxies. */
  readonly send: (entries: readonly OutboxEntry[]) => void;
  /**
   * Called, often, with a position up to which all clients were sent a notification of every
   * change.
   */
  readonly settled: (position: FeedPosition) => void;
}

/** Notifies the clients of event streams that something they see has changed. */
export class RefetchNotifier {
  readonly #options: RefetchNotifierOptions;
  readonly #schedule: RefetchSchedule;
  /** The position of the feed entry that was taken last; notifications have it too. */
  #last: FeedPosition = '';
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param spread milliseconds over which the clients of an environment are notified of a change
   */
  constructor(spread: number, options: RefetchNotifierOptions) {
    this.#options = options;
    this.#schedule = new RefetchSchedule(spread, options.clock.random);
  }

  /**
   * Takes the changes that the leader before left: those that not all clients were notified of, and
   * those that not every proxy had. Both end at the head, so the longer one contains the other.
   *
   * @param last the position of the newest entry of the history, or of the feed
   */
  begin(unnotified: History, unsent: History, last: FeedPosition): void {
    const longer = unnotified.entries.length > unsent.entries.length ? unnotified : unsent;
    const known = new Set(longer.entries.map(({ position }) => position));
    const more = unsent.entries.filter(({ position }) => !known.has(position));
    this.#take([...longer.entries, ...more], longer.cursor ?? last, last);
  }

  /** Takes new entries of the feed. @param before the position of the entry before them */
  apply(entries: readonly FeedEntry[], before: FeedPosition): void {
    this.#take(entries, before, entries.at(-1)?.position ?? before);
  }

  #take(entries: readonly FeedEntry[], before: FeedPosition, last: FeedPosition): void {
    const now = this.#options.clock.monotonic();
    const refetches: Refetch[] = [];
    let previous = before;
    for (const entry of entries) {
      if (entry.kind === 'change') refetches.push(...this.#schedule.apply(entry.change, previous, now));
      previous = entry.position;
    }
    this.#last = last;
    this.#send(refetches);
  }

  /** Forgets all that is scheduled: after a gap every hold is told to fetch its link. */
  reset(position: FeedPosition): void {
    this.#schedule.reset();
    this.#last = position;
    this.#send([]);
  }

  /** Sends nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #send(refetches: readonly Refetch[]): void {
    const { send, settled } = this.#options;
    if (refetches.length > 0) send(refetches.map((refetch) => refetchEntryOf(refetch, this.#last)));
    settled(this.#schedule.settled(this.#last));
    this.#arm();
  }

  #arm(): void {
    const { next } = this.#schedule;
    const { monotonic } = this.#options.clock;
    if (next === undefined) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#send(this.#schedule.due(monotonic()));
      },
      Math.max(0, next - monotonic()),
    );
  }
}
