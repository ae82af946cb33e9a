/** Schedules refetch notifications (refetch-schedule.ts) and sends them when due. */
import type { FeedEntry, FeedPosition } from '../store/store.js';
import type { OutboxEntry } from './outbox.js';
import type { History } from './history.js';
import { refetchEntryOf } from './outbox-entry.js';
import { RefetchSchedule, type Refetch } from './refetch-schedule.js';

/** The outputs of a notifier. */
export interface RefetchNotifierOptions {
  /** Sends these to all proxies. */
  readonly send: (entries: readonly OutboxEntry[]) => void;
  /** Receives a position up to which all clients were notified of every change. Called often. */
  readonly settled: (position: FeedPosition) => void;
}

/** Notifies the clients of event streams, shard by shard, that values they see have changed. */
export class RefetchNotifier {
  readonly #options: RefetchNotifierOptions;
  readonly #refetches: RefetchSchedule;
  /** The position of the feed entry that was taken last; what is sent has it too. */
  #last: FeedPosition = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param spread milliseconds over which the clients of an environment are notified of a change */
  constructor(spread: number, options: RefetchNotifierOptions) {
    this.#options = options;
    this.#refetches = new RefetchSchedule(spread, Math.random);
  }

  /**
   * Applies the previous leader's history: changes that not all clients were notified of, and those that not every proxy had. Both end at the head, so the longer
   * one has the other in it.
   *
   * @param last the position of the newest entry of `history`, or of the feed
   */
  begin(notified: History, history: History, last: FeedPosition): void {
    const longer = notified.entries.length > history.entries.length ? notified : history;
    const known = new Set(longer.entries.map(({ position }) => position));
    const more = history.entries.filter(({ position }) => !known.has(position));
    this.#applyAll([...longer.entries, ...more], longer.cursor ?? last, last);
  }

  /** @param before the position of the feed entry before them */
  apply(entries: readonly FeedEntry[], before: FeedPosition): void {
    this.#applyAll(entries, before, entries.at(-1)?.position ?? before);
  }

  #applyAll(entries: readonly FeedEntry[], before: FeedPosition, last: FeedPosition): void {
    const now = performance.now();
    const refetches: Refetch[] = [];
    let previous = before;
    for (const entry of entries) {
      if (entry.kind === 'change') refetches.push(...this.#refetches.apply(entry.change, previous, now));
      previous = entry.position;
    }
    this.#last = last;
    this.#notify(refetches);
  }

  /** Starts again after a gap in the feed, when every hold is made to fetch its link. */
  reset(position: FeedPosition): void {
    this.#refetches.reset();
    this.#last = position;
    this.#notify([]);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #notify(refetches: readonly Refetch[]): void {
    const { send, settled } = this.#options;
    if (refetches.length > 0) send(refetches.map((refetch) => refetchEntryOf(refetch, this.#last)));
    settled(this.#refetches.settled(this.#last));
    this.#arm();
  }

  #arm(): void {
    const { next } = this.#refetches;
    if (next === undefined) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#notify(this.#refetches.due(performance.now()));
      },
      Math.max(0, next - performance.now()),
    );
  }
}
