/**
 * All decisions of the client, and nothing else: events in, actions out. It has no timer, no
 * socket, no clock and no random numbers of its own, so that each decision can be tested and
 * stated.
 *
 *     start ──▶ a round through the sources ──answer──▶ ready ──▶ stream ──lost──▶ wait, jittered ──▶ stream …
 *                    │ none answers                       ▲                          │
 *                    ├──▶ from the saved copy ────────────┘          while none is open: a round each `poll`
 *                    └──▶ wait, jittered ──▶ a round …
 *
 * One invariant: the cursor never goes back, and every source is asked for what is above the
 * cursor. Since a delta needs no history, any source can continue where any other stopped.
 */
import type { Action, Event, ClockReading } from './events.js';
import { StreamFollower, type StreamOutcome } from './stream-follower.js';
import { ClientCursor } from './cursor.js';
import { ClientSource, type Rules } from './sources.js';
import { Poller, type RoundEnd } from './poller.js';

/**
 * A client that has nothing, and gets everything by a stream, is ready when the stream was silent
 * for so long: nothing else says that the catch-up is complete. Milliseconds.
 */
export const SETTLED_AFTER = 250;

/** The phase of a client; see `ClientStatus.state`. */
export type Phase = 'starting' | 'streaming' | 'polling' | 'closed';

/** Decides what the client does: which source is asked when, and what is merged. */
export class Machine {
  readonly cursor = new ClientCursor();
  readonly sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #poller: Poller;
  readonly #follower: StreamFollower;
  #phase: 'new' | 'starting' | 'running' | 'closed' = 'new';
  #isReady = false;
  /** The time from which the saved copy, or a stale answer, is good enough to be ready. */
  #patienceUntil = Infinity;
  /** The time at which a catch-up counts as complete. */
  #settledAt = Infinity;

  /** @param streams for each source in order, true when its stream is used */
  constructor(streams: readonly boolean[], rules: Rules) {
    this.#rules = rules;
    this.sources = streams.map((each, index) => new ClientSource(index, each));
    let attempts = 0;
    const next = () => ++attempts;
    this.#poller = new Poller(this.sources, rules, this.cursor, next);
    this.#follower = new StreamFollower(this.sources, rules, this.cursor, next);
  }

  /** The phase, for the status. */
  get phase(): Phase {
    if (this.#phase === 'closed') return 'closed';
    if (!this.#isReady) return 'starting';
    return this.#follower.isOpen ? 'streaming' : 'polling';
  }

  /** The time at which a `time` event is due; Infinity for never. */
  get wakeAt(): number {
    if (this.#phase === 'closed') return Infinity;
    return Math.min(this.#poller.wakeAt, this.#follower.wakeAt, this.#patienceUntil, this.#settledAt);
  }

  /** Handles an event. Returns the actions to perform, in this order. */
  handle(event: Event, clock: ClockReading): Action[] {
    const actions: Action[] = [];
    if (this.#phase !== 'closed') this.#handle(event, actions, clock);
    return actions;
  }

  #handle(event: Event, actions: Action[], clock: ClockReading): void {
    switch (event.kind) {
      case 'start':
        this.#phase = 'starting';
        if (event.saved !== undefined) this.cursor.restore(event.saved, clock.now);
        this.#patienceUntil = clock.now + this.#rules.timeout;
        this.#poller.begin(actions, clock);
        return;
      case 'time':
        this.#time(actions, clock);
        return;
      case 'answer':
        this.#afterRound(this.#poller.answer(event.attempt, event.answer, actions, clock), actions, clock);
        return;
      case 'opened':
        this.#follower.opened(event.attempt, clock);
        return;
      case 'bytes':
        this.#follower.bytes(event.attempt, clock);
        return;
      case 'retry':
        this.#follower.retry(event.attempt, event.milliseconds);
        return;
      case 'message': {
        const { attempt, environment, version } = event;
        const outcome = this.#follower.message(attempt, environment, version, actions, clock);
        this.#afterStream(outcome, clock);
        return;
      }
      case 'ended':
        this.#afterStream(this.#follower.ended(event.attempt, event.end, actions, clock), clock);
        return;
      case 'reset':
        this.#reset(actions, clock);
        return;
      case 'close':
        this.#poller.stop(actions);
        this.#follower.stop(actions);
        this.#phase = 'closed';
        return;
    }
  }

  #time(actions: Action[], clock: ClockReading): void {
    if (this.#patienceUntil <= clock.now) {
      this.#patienceUntil = Infinity;
      if (this.cursor.basis !== 'nothing') this.#ready(actions);
    }
    if (this.#settledAt <= clock.now) this.#ready(actions);
    // Not when it opens: one that ends immediately, again and again, would postpone the next poll
    // for ever.
    if (this.#isReady && this.#follower.isSteady(clock.now)) this.#poller.stop(actions);
    this.#afterRound(this.#poller.time(actions, clock), actions, clock);
    this.#afterStream(this.#follower.time(actions, clock), clock);
  }

  #afterRound(end: RoundEnd | undefined, actions: Action[], clock: ClockReading): void {
    if (end === undefined) return;
    this.#patienceUntil = Infinity;
    if (this.cursor.basis !== 'nothing') this.#ready(actions);
    else if (this.sources.every(({ refusal }) => refusal !== undefined)) actions.push({ kind: 'allRefused' });
    if (this.#phase === 'starting') {
      this.#phase = 'running';
      this.#follower.connect(actions, clock);
    }
    if (end === 'confirmed') this.#poller.pollLater(clock);
  }

  #afterStream(outcome: StreamOutcome, clock: ClockReading): void {
    if (outcome === 'merged' && !this.#isReady) this.#settledAt = clock.now + SETTLED_AFTER;
    if (outcome === 'lost' && !this.#poller.isScheduled) this.#poller.pollLater(clock);
  }

  #ready(actions: Action[]): void {
    this.#patienceUntil = Infinity;
    this.#settledAt = Infinity;
    if (this.#isReady) return;
    this.#isReady = true;
    actions.push({ kind: 'ready' });
  }

  #reset(actions: Action[], clock: ClockReading): void {
    for (const source of this.sources) source.reset();
    if (this.#phase === 'new') return;
    if (!this.#follower.isOpen && !this.#poller.isUnderWay) this.#poller.begin(actions, clock);
    if (this.#phase === 'running') this.#follower.connect(actions, clock);
  }
}
