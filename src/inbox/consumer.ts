/**
 * The consumer of the inbox: while this node leads, it decides each event, those of one environment
 * the oldest first, one after the other.
 *
 * Invariant: an event is in the inbox until it is decided, and each decision is one step of the
 * store, which happens only if the event is undecided and all older ones of its environment are
 * decided. So this may be interrupted anywhere, repeat anything, and run twice:
 *
 *     A   reads 1 2 3   commits 1   (paused for longer than its lease)         commits 2: decided    commits 3: decided
 *     B                              reads 2 3   commits 2   commits 3
 *
 *     A   reads 1   commits 1, the answer is lost   commits 1: decided
 *
 * An event that cannot be decided now keeps the others of its environment waiting, because order is
 * what they were promised; those of other environments are decided in the meantime (pass.ts). What
 * could keep them waiting for ever is an unexpected error of ours that an event triggers, so such
 * an event is rejected after a few tries.
 */
import { runInTurns } from '../core/steps.js';
import { equalJitter } from '../core/backoff.js';
import type { Logger } from 'pino';
import type { Committer } from '../commit/committer.js';
import { HoldfastError, isRetryable, messageOf, type ErrorCode } from '../core/errors.js';
import type { Replica } from '../replica/replica.js';
import type { Inbox, InboxCounts, InboxEvent } from '../store/inbox.js';
import type { Store } from '../store/store.js';
import { INBOX_EVENT_MAX_BYTES, eventSteps, type EventChange } from './event.js';
import { InboxPass } from './pass.js';
import { RecentlyCommitted } from './recently-committed.js';

/** The parts of an inbox consumer. */
export interface InboxConsumerOptions {
  readonly store: Store;
  readonly inbox: Inbox;
  readonly replica: Pick<Replica, 'loaded'>;
  readonly committer: Pick<Committer, 'commitEvent'>;
  /** Unique to this process. */
  readonly consumer: string;
  readonly log: Logger;
  readonly onCommitted?: () => void;
  readonly onRepeated?: () => void;
  readonly onRejected?: (code: ErrorCode) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The state of the inbox, for readiness and metrics. */
export interface InboxStatus extends InboxCounts {
  /** Why the oldest event cannot be decided now. */
  readonly error?: string;
}

/**
 * The number of tries of an event when the failure is neither its fault nor that of an unavailable
 * store, and the number after which it no longer keeps other environments waiting. A lost
 * connection so changes no order at all.
 */
const TRIES = 3;

/**
 * The backoff between tries of an event, without jitter: one leader tries. Short enough for a
 * conflict, then the time that a store needs.
 */
const BACKOFF = { first: 50, max: 1_000 };

/** The number of keys that a log line names. */
const NAMED_KEYS = 20;

/** Decides the events of the inbox while this node leads. */
export class InboxConsumer {
  readonly #options: InboxConsumerOptions;
  readonly #made = new RecentlyCommitted();
  #counts: InboxCounts = { waiting: 0, rejected: 0 };
  #error: string | undefined;
  #pass: InboxPass;
  /** The events that could not be decided, and how often. At most one per environment. */
  readonly #failing = new Map<string, { tries: number; faults: number }>();

  constructor(options: InboxConsumerOptions) {
    this.#options = options;
    this.#pass = new InboxPass(options.now());
  }

  /** As of the last reading; all zero where this node does not lead. */
  status(): InboxStatus {
    return { ...this.#counts, ...(this.#error === undefined ? {} : { error: this.#error }) };
  }

  /** Decides events until the signal aborts. To be called while this node leads. Never rejects. */
  async lead(signal: AbortSignal): Promise<void> {
    const { inbox, consumer, log, now } = this.#options;
    this.#pass = new InboxPass(now());
    const reader = { consumer, maxBytes: INBOX_EVENT_MAX_BYTES, after: () => this.#pass.after };
    for await (const word of inbox.follow(reader, signal)) {
      if (word.kind === 'away') {
        this.#error = word.error.message;
        log.warn({ error: word.error.message }, 'the inbox cannot be read; trying until it works');
        continue;
      }
      this.#counts = word.counts;
      const isAtEnd = word.events.length === 0;
      if (isAtEnd && this.#pass.after === undefined) this.#settle();
      const isStopped = await this.#decideAll(word.events, signal);
      const isOver = isStopped || this.#pass.isDue(now()) || (isAtEnd && this.#pass.after !== undefined);
      if (isOver) await this.#startAgain(signal);
    }
    this.#counts = { waiting: 0, rejected: 0 };
    this.#error = undefined;
  }

  /** Nothing waits for anything. */
  #settle(): void {
    this.#error = undefined;
    this.#failing.clear();
  }

  async #startAgain(signal: AbortSignal): Promise<void> {
    const { sleep, now } = this.#options;
    const tries = Math.min(...[...this.#failing.values()].map((failing) => failing.tries));
    await sleep(equalJitter(Number.isFinite(tries) ? tries : 1, BACKOFF, 1), signal);
    this.#pass = new InboxPass(now());
  }

  /**
   * Decides events, and holds those of environments that cannot be changed now.
   *
   * @returns true when the store itself fails, or nothing more can be held: what is left comes
   *   again
   */
  async #decideAll(events: readonly InboxEvent[], signal: AbortSignal): Promise<boolean> {
    for (const event of events) {
      if (signal.aborted) return false;
      if (this.#pass.isFull) return true;
      const read = await tryRead(event);
      const environment = read.change?.request.environment;
      if (environment !== undefined && this.#pass.isHeld(environment)) {
        this.#pass.hold(event, environment);
        continue;
      }
      try {
        await this.#decide(event, read);
        this.#failing.delete(event.id);
        if (this.#pass.after === undefined) this.#error = undefined;
      } catch (error) {
        this.#note(event, error);
        const isPassing = this.#failingOf(event).tries < TRIES;
        if (isPassing || environment === undefined || !(await this.#isStoreThere())) return true;
        this.#pass.hold(event, environment);
      }
    }
    return false;
  }

  /** True when the store answers, so that a failure is one of the event's environment. */
  async #isStoreThere(): Promise<boolean> {
    try {
      await this.#options.store.time();
      return true;
    } catch {
      // The failure of the event says the same, and is noted.
      return false;
    }
  }

  /**
   * An event that is decided already, or too early because another process has an older one, is
   * left as it is: the next read shows.
   */
  async #decide(event: InboxEvent, read: ReadEvent): Promise<void> {
    try {
      if (read.change === undefined) throw read.error;
      const { change } = read;
      const ruleset = this.#options.replica.loaded(change.request.environment);
      if (this.#made.isIn(ruleset, event.id, change.digest)) await this.#acknowledge(event.id);
      else await this.#commit(event.id, change);
    } catch (error) {
      const reason = this.#reason(event, error);
      if (reason === undefined) throw error;
      await this.#reject(event, reason);
    }
  }

  async #commit(event: string, { request, digest }: EventChange): Promise<void> {
    const { committer, log, onCommitted } = this.#options;
    const outcome = await committer.commitEvent(request, event, this.#pass.passed);
    if (outcome.kind === 'repeated') await this.#acknowledge(event);
    if (outcome.kind !== 'committed') return;
    const { version, configs, absent } = outcome.answer;
    this.#made.note(event, { digest, configs });
    onCommitted?.();
    log.debug({ event, version }, 'an event is committed');
    if (absent !== undefined) {
      log.warn(
        { event, environment: `${request.environment}`, keys: absent.slice(0, NAMED_KEYS) },
        'an event deletes configs that never existed; nothing is done for those',
      );
    }
  }

  async #acknowledge(event: string): Promise<void> {
    if ((await this.#options.inbox.acknowledge(event, this.#pass.passed)) === 'acknowledged')
      this.#options.onRepeated?.();
  }

  async #reject(event: InboxEvent, reason: HoldfastError): Promise<void> {
    const { store, inbox, log, onRejected } = this.#options;
    const { code, message, field } = reason;
    const at = new Date(Number((await store.time()) / 1000n)).toISOString();
    const rejection = { code, message, field, at };
    if ((await inbox.reject(event.id, rejection, this.#pass.passed)) !== 'rejected') return;
    onRejected?.(code);
    if (isFault(reason))
      log.error({ event: event.id, err: reason.cause ?? reason }, 'an event failed; it is given up');
    else log.warn({ event: event.id, code, field, message }, 'an event is rejected');
  }

  /** Why an event is to be rejected; `undefined` when it is to be tried again. */
  #reason(event: InboxEvent, error: unknown): HoldfastError | undefined {
    if (isRetryable(error)) return undefined;
    if (error instanceof HoldfastError && !isFault(error)) return error;
    const failing = this.#failingOf(event);
    failing.faults++;
    if (failing.faults < TRIES) return undefined;
    if (error instanceof HoldfastError) return error;
    return new HoldfastError('internal', 'something went wrong here; the log says what', { cause: error });
  }

  #failingOf({ id }: InboxEvent): { tries: number; faults: number } {
    const failing = this.#failing.get(id) ?? { tries: 0, faults: 0 };
    this.#failing.set(id, failing);
    return failing;
  }

  #note(event: InboxEvent, error: unknown): void {
    const failing = this.#failingOf(event);
    this.#error = messageOf(error);
    // Once per event: while a store is unavailable it is tried every second.
    if (failing.tries++ === 0) {
      this.#options.log.warn(
        { event: event.id, error: messageOf(error) },
        'an event cannot be decided now; it and those of its environment after it wait',
      );
    }
  }
}

/** An event as it was read, or why it cannot be. */
type ReadEvent =
  | { readonly change: EventChange; readonly error?: undefined }
  | { readonly change?: undefined; readonly error: unknown };

async function tryRead(event: InboxEvent): Promise<ReadEvent> {
  try {
    return { change: await runInTurns(eventSteps(event)) };
  } catch (error) {
    return { error };
  }
}

/** True when the failure is not the event's fault. */
function isFault({ code }: HoldfastError): boolean {
  return code === 'internal' || code === 'store_damaged';
}
