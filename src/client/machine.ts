/**
 * All decisions of the client, and nothing else: events in, actions out. No timer, no socket, no clock and no chance of its own, so that
 * each decision can be tested and stated.
 *
 *     start ──▶ a round through the sources ──answer──▶ ready ──▶ stream ──lost──▶ wait, jittered ──▶ stream …
 *                    │ none answers                       ▲                          │
 *                    ├──▶ from the saved copy ────────────┘          while none is open: a round each `poll`
 *                    └──▶ wait, jittered ──▶ a round …
 *
 * One invariant: the cursor never goes back, and what is asked of any source is what is above the cursor. Since a delta needs no history, any source can
 * go on where any other stopped.
 */
import type { Action, Event, ClockReading } from './events.js';
import { StreamFollower, type StreamOutcome } from './stream-follower.js';
import { ClientCursor } from './cursor.js';
import { ClientSource, type Rules } from './sources.js';
import { Poller, type RoundEnd } from './poller.js';

/**
 * A client that has nothing, and gets everything by a stream, is ready when the stream was quiet for so long: nothing else says that the
 * catch-up is complete. Milliseconds.
 */
export const SETTLED_AFTER = 250;

export type Phase = 'starting' | 'streaming' | 'polling' | 'closed';

export class Machine {
  readonly cursor = new ClientCursor();
  readonly sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #walk: Poller;
  readonly #follow: StreamFollower;
  #phase: 'new' | 'starting' | 'running' | 'closed' = 'new';
  #isReady = false;
  /** When the saved copy, or a stale answer, has to do. */
  #patienceUntil = Infinity;
  /** When a catch-up is taken to be complete. */
  #settledAt = Infinity;

  /** @param streams of each source in order, whether its stream is used */
  constructor(streams: readonly boolean[], rules: Rules) {
    this.#rules = rules;
    this.sources = streams.map((each, index) => new ClientSource(index, each));
    let attempts = 0;
    const next = () => ++attempts;
    this.#walk = new Poller(this.sources, rules, this.cursor, next);
    this.#follow = new StreamFollower(this.sources, rules, this.cursor, next);
  }

  get phase(): Phase {
    if (this.#phase === 'closed') return 'closed';
    if (!this.#isReady) return 'starting';
    return this.#follow.isOpen ? 'streaming' : 'polling';
  }

  /** When `time` has to be said; Infinity for never. */
  get wakeAt(): number {
    if (this.#phase === 'closed') return Infinity;
    return Math.min(this.#walk.wakeAt, this.#follow.wakeAt, this.#patienceUntil, this.#settledAt);
  }

  /** What to do about it, in this order. */
  handle(event: Event, moment: ClockReading): Action[] {
    const actions: Action[] = [];
    if (this.#phase !== 'closed') this.#handle(event, actions, moment);
    return actions;
  }

  #handle(event: Event, actions: Action[], moment: ClockReading): void {
    switch (event.kind) {
      case 'start':
        this.#phase = 'starting';
        if (event.saved !== undefined) this.cursor.restore(event.saved, moment.now);
        this.#patienceUntil = moment.now + this.#rules.timeout;
        this.#walk.begin(actions, moment);
        return;
      case 'time':
        this.#time(actions, moment);
        return;
      case 'answer':
        this.#afterRound(this.#walk.answer(event.attempt, event.answer, actions, moment), actions, moment);
        return;
      case 'opened':
        this.#follow.opened(event.attempt, moment);
        return;
      case 'heard':
        this.#follow.heard(event.attempt, moment);
        return;
      case 'retry':
        this.#follow.retry(event.attempt, event.milliseconds);
        return;
      case 'message': {
        const { attempt, environment, version } = event;
        const outcome = this.#follow.message(attempt, environment, version, actions, moment);
        this.#afterStream(outcome, moment);
        return;
      }
      case 'ended':
        this.#afterStream(this.#follow.ended(event.attempt, event.end, actions, moment), moment);
        return;
      case 'revive':
        this.#revive(actions, moment);
        return;
      case 'close':
        this.#walk.stop(actions);
        this.#follow.stop(actions);
        this.#phase = 'closed';
        return;
    }
  }

  #time(actions: Action[], moment: ClockReading): void {
    if (this.#patienceUntil <= moment.now) {
      this.#patienceUntil = Infinity;
      if (this.cursor.basis !== 'nothing') this.#ready(actions);
    }
    if (this.#settledAt <= moment.now) this.#ready(actions);
    // Not when it opens: one that ends at once, again and again, would put the next poll off for ever.
    if (this.#isReady && this.#follow.isSteady(moment.now)) this.#walk.stop(actions);
    this.#afterRound(this.#walk.time(actions, moment), actions, moment);
    this.#afterStream(this.#follow.time(actions, moment), moment);
  }

  #afterRound(end: RoundEnd | undefined, actions: Action[], moment: ClockReading): void {
    if (end === undefined) return;
    this.#patienceUntil = Infinity;
    if (this.cursor.basis !== 'nothing') this.#ready(actions);
    else if (this.sources.every(({ refusal }) => refusal !== undefined)) actions.push({ kind: 'hopeless' });
    if (this.#phase === 'starting') {
      this.#phase = 'running';
      this.#follow.connect(actions, moment);
    }
    if (end === 'confirmed') this.#walk.pollLater(moment);
  }

  #afterStream(outcome: StreamOutcome, moment: ClockReading): void {
    if (outcome === 'taken' && !this.#isReady) this.#settledAt = moment.now + SETTLED_AFTER;
    if (outcome === 'lost' && !this.#walk.isScheduled) this.#walk.pollLater(moment);
  }

  #ready(actions: Action[]): void {
    this.#patienceUntil = Infinity;
    this.#settledAt = Infinity;
    if (this.#isReady) return;
    this.#isReady = true;
    actions.push({ kind: 'ready' });
  }

  #revive(actions: Action[], moment: ClockReading): void {
    for (const source of this.sources) source.revive();
    if (this.#phase === 'new') return;
    if (!this.#follow.isOpen && !this.#walk.isUnderWay) this.#walk.begin(actions, moment);
    if (this.#phase === 'running') this.#follow.connect(actions, moment);
  }
}
