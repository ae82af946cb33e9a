/** Tells clients that something they see has changed, each in its turn: the clock and the hands of refetch.ts. */
import type { FeedEntry, FeedPosition } from '../store/store.js';
import type { OutboxEntry } from './outbox.js';
import type { History } from './history.js';
import { refetchEntryOf } from './outbox-entry.js';
import { RefetchSchedule, type Refetch } from './refetch-schedule.js';

export interface RefetchNotifierOptions {
  /** Sends these to all proxies. */
  readonly send: (entries: readonly OutboxEntry[]) => void;
  /** Told a position up to which every change has been sent to all clients. Called often. */
  readonly settled: (position: FeedPosition) => void;
}

export class RefetchNotifier {
  readonly #options: RefetchNotifierOptions;
  readonly #refetches: RefetchSchedule;
  /** The position of the feed entry that was taken last; what is sent has it too. */
  #last: FeedPosition = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param spread milliseconds over which the clients of an environment are told of a change */
  constructor(spread: number, options: RefetchNotifierOptions) {
    this.#options = options;
    this.#refetches = new RefetchSchedule(spread, Math.random);
  }

  /**
   * Takes what the leader before left: changes that not all clients were told of, and those that not every proxy had. Both end at the head, so the longer
   * one has the other in it.
   *
   * @param last the position of the newest entry of `history`, or of the feed
   */
  begin(told: History, history: History, last: FeedPosition): void {
    const longer = told.entries.length > history.entries.length ? told : history;
    const known = new Set(longer.entries.map(({ position }) => position));
    const more = history.entries.filter(({ position }) => !known.has(position));
    this.#take([...longer.entries, ...more], longer.cursor ?? last, last);
  }

  /** @param before the position of the feed entry before them */
  take(entries: readonly FeedEntry[], before: FeedPosition): void {
    this.#take(entries, before, entries.at(-1)?.position ?? before);
  }

  #take(entries: readonly FeedEntry[], before: FeedPosition, last: FeedPosition): void {
    const now = performance.now();
    const refetches: Refetch[] = [];
    let previous = before;
    for (const entry of entries) {
      if (entry.kind === 'change') refetches.push(...this.#refetches.take(entry.change, previous, now));
      previous = entry.position;
    }
    this.#last = last;
    this.#tell(refetches);
  }

  /** After a gap every hold is told to fetch its link. */
  forget(position: FeedPosition): void {
    this.#refetches.forget();
    this.#last = position;
    this.#tell([]);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(refetches: readonly Refetch[]): void {
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
        this.#tell(this.#refetches.due(performance.now()));
      },
      Math.max(0, next - performance.now()),
    );
  }
}
