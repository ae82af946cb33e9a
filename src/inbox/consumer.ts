/**
 * The consumer of the inbox: while this node leads, it decides each event, the oldest first, one after the other.
 *
 * Invariant: an event is in the inbox until it is decided, and each decision is one step of the store, which happens only if the event
 * is undecided and all older ones are decided. So this may be interrupted anywhere, repeat anything, and run twice:
 *
 *     A   reads 1 2 3   commits 1   (paused for longer than its lease)         commits 2: decided    commits 3: decided
 *     B                              reads 2 3   commits 2   commits 3
 *
 *     A   reads 1   commits 1, the answer is lost   commits 1: decided
 *
 * An event that cannot be decided now keeps the others waiting, because order is what they were promised. What could do that for ever is
 * a defect of ours that an event triggers, so such an event is rejected after a few tries.
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
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** The state of the inbox, for readiness and metrics. */
export interface InboxStatus extends InboxCounts {
  /** Why the oldest event cannot be decided now. */
  readonly error?: string;
}

/** The number of tries of an event when the failure is neither its fault nor that of an unavailable store. */
const TRIES = 3;

/** The backoff between tries of an event, without jitter: one leader tries. Short enough for a conflict, then the time that a store needs. */
const BACKOFF = { first: 50, max: 1_000 };

/** Decides the events of the inbox while this node leads. */
export class InboxConsumer {
  readonly #options: InboxConsumerOptions;
  readonly #made = new RecentlyCommitted();
  #counts: InboxCounts = { waiting: 0, rejected: 0 };
  #error: string | undefined;
  /** The event that could not be decided, and how often. */
  #failing = { event: '', tries: 0, faults: 0 };

  constructor(options: InboxConsumerOptions) {
    this.#options = options;
  }

  /** As of the last reading; all zero where this node does not lead. */
  status(): InboxStatus {
    return { ...this.#counts, ...(this.#error === undefined ? {} : { error: this.#error }) };
  }

  /** Decides events until the signal aborts. To be called while this node leads. Never rejects. */
  async lead(signal: AbortSignal): Promise<void> {
    const { inbox, consumer, log } = this.#options;
    for await (const word of inbox.follow(consumer, INBOX_EVENT_MAX_BYTES, signal)) {
      if (word.kind === 'away') {
        this.#error = word.error.message;
        log.warn({ error: word.error.message }, 'the inbox cannot be read; trying until it works');
        continue;
      }
      this.#counts = word.counts;
      if (word.events.length === 0) this.#error = undefined;
      await this.#decideAll(word.events, signal);
    }
    this.#counts = { waiting: 0, rejected: 0 };
    this.#error = undefined;
  }

  /** Stops at the first event that is not decided: it comes again, with those after it. */
  async #decideAll(events: readonly InboxEvent[], signal: AbortSignal): Promise<void> {
    for (const event of events) {
      if (signal.aborted) return;
      try {
        await this.#decide(event);
        this.#error = undefined;
      } catch (error) {
        this.#note(event, error);
        await this.#options.sleep(equalJitter(this.#failing.tries, BACKOFF, 1), signal);
        return;
      }
    }
  }

  /** An event that is decided already, or too early because another process has an older one, is left as it is: the next read shows. */
  async #decide(event: InboxEvent): Promise<void> {
    try {
      const change = await runInTurns(eventSteps(event));
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
    const outcome = await committer.commitEvent(request, event);
    if (outcome.kind === 'repeated') await this.#acknowledge(event);
    if (outcome.kind !== 'committed') return;
    this.#made.note(event, { digest, configs: outcome.answer.configs });
    onCommitted?.();
    log.debug({ event, version: outcome.answer.version }, 'an event is committed');
  }

  async #acknowledge(event: string): Promise<void> {
    if ((await this.#options.inbox.acknowledge(event)) === 'acknowledged') this.#options.onRepeated?.();
  }

  async #reject(event: InboxEvent, reason: HoldfastError): Promise<void> {
    const { store, inbox, log, onRejected } = this.#options;
    const { code, message, field } = reason;
    const at = new Date(Number((await store.time()) / 1000n)).toISOString();
    if ((await inbox.reject(event.id, { code, message, field, at })) !== 'rejected') return;
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
    this.#failing = { ...failing, faults: failing.faults + 1 };
    if (this.#failing.faults < TRIES) return undefined;
    if (error instanceof HoldfastError) return error;
    return new HoldfastError('internal', 'something went wrong here; the log says what', { cause: error });
  }

  #failingOf({ id }: InboxEvent): { event: string; tries: number; faults: number } {
    return this.#failing.event === id ? this.#failing : { event: id, tries: 0, faults: 0 };
  }

  #note(event: InboxEvent, error: unknown): void {
    const before = this.#failingOf(event);
    this.#failing = { ...before, tries: before.tries + 1 };
    this.#error = messageOf(error);
    // Once per event: while a store is away it is tried every second.
    if (before.tries === 0) {
      this.#options.log.warn(
        { event: event.id, error: messageOf(error) },
        'an event cannot be decided now; it and those after it wait',
      );
    }
  }
}

/** True when the failure is not the event's fault. */
function isFault({ code }: HoldfastError): boolean {
  return code === 'internal' || code === 'store_damaged';
}
