/**
 * Polls the sources for snapshots in rounds: in their order, until one answers that is neither
 * older than the client nor stale. Used at the start, and while no stream is open.
 */
import type { Action, Answer, Failure, ClockReading } from './events.js';
import type { ClientCursor } from './cursor.js';
import { earliest, type Rules, type ClientSource } from './sources.js';

interface Attempt {
  readonly source: ClientSource;
  readonly from: bigint;
  readonly deadline: number;
}

interface Round {
  /** Not asked yet. */
  readonly waiting: ClientSource[];
  readonly underWay: Map<number, Attempt>;
  hedgeAt: number;
  /**
   * True when a source has brought or confirmed the ruleset, with an age at which the next source
   * is asked too.
   */
  isAnswered: boolean;
}

/** The end of a round: a source confirmed or brought the ruleset; or none did. */
export type RoundEnd = 'confirmed' | 'nothing';

/** Asks the sources for snapshots, a round at a time. */
export class Poller {
  readonly #sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #cursor: ClientCursor;
  readonly #nextAttempt: () => number;
  #round: Round | undefined;
  /** The time at which the next round begins. */
  #nextAt = Infinity;

  constructor(
    sources: readonly ClientSource[],
    rules: Rules,
    cursor: ClientCursor,
    /** Numbers attempts. */
    nextAttempt: () => number,
  ) {
    this.#sources = sources;
    this.#rules = rules;
    this.#cursor = cursor;
    this.#nextAttempt = nextAttempt;
  }

  /** True while a round has begun and not ended. */
  get isUnderWay(): boolean {
    return this.#round !== undefined;
  }

  /** The time at which `time` has to be called; Infinity for never. */
  get wakeAt(): number {
    const round = this.#round;
    if (round === undefined) return this.#nextAt;
    const deadlines = Array.from(round.underWay.values(), ({ deadline }) => deadline);
    return Math.min(round.hedgeAt, ...deadlines);
  }

  /** Begins a round with the sources that may be asked now, or waits for the first that may. */
  begin(actions: Action[], clock: ClockReading): void {
    const usable = this.#sources.filter(({ refusal }) => refusal === undefined);
    const waiting = usable.filter(({ snapshots }) => snapshots.notBefore <= clock.now);
    this.#nextAt = Infinity;
    if (waiting.length === 0) {
      this.#nextAt = earliest(usable.map(({ snapshots }) => snapshots));
      return;
    }
    this.#round = { waiting, underWay: new Map(), hedgeAt: Infinity, isAnswered: false };
    this.#askNext(this.#round, actions, clock);
  }

  /** Schedules the next round after the interval of polls, a little different each time. */
  pollLater({ now, random }: ClockReading): void {
    this.#nextAt = now + this.#rules.poll * (0.9 + 0.2 * random());
  }

  /** True when a round is under way, or will begin by itself. */
  get isScheduled(): boolean {
    return this.#round !== undefined || this.#nextAt < Infinity;
  }

  /** Ends the round, and begins none until `begin` or `pollLater`. */
  stop(actions: Action[]): void {
    for (const attempt of this.#round?.underWay.keys() ?? []) actions.push({ kind: 'abort', attempt });
    this.#round = undefined;
    this.#nextAt = Infinity;
  }

  /** Does what is due. */
  time(actions: Action[], clock: ClockReading): RoundEnd | undefined {
    const { now } = clock;
    const round = this.#round;
    if (round === undefined) {
      if (this.#nextAt <= now) this.begin(actions, clock);
      return undefined;
    }
    const late = [...round.underWay].filter(([, { deadline }]) => deadline <= now);
    for (const [attempt, { source }] of late) {
      round.underWay.delete(attempt);
      actions.push({ kind: 'abort', attempt });
      const why = `no answer within ${this.#rules.timeout} ms`;
      this.#fail(round, source, { kind: 'failed', why }, actions, clock);
    }
    if (round.hedgeAt <= now) this.#askNext(round, actions, clock);
    return this.#endIfOver(round, clock);
  }

  /** Handles the answer to an attempt. */
  answer(attempt: number, answer: Answer, actions: Action[], clock: ClockReading): RoundEnd | undefined {
    const round = this.#round;
    const asked = round?.underWay.get(attempt);
    if (round === undefined || asked === undefined) return undefined;
    round.underWay.delete(attempt);
    const { source } = asked;
    if (answer.kind !== 'snapshot' && answer.kind !== 'unchanged') {
      this.#fail(round, source, answer, actions, clock);
      return this.#endIfOver(round, clock);
    }
    source.snapshots.succeed();
    if (!this.#accept(round, asked, answer, actions, clock)) return this.#endIfOver(round, clock);
    this.#cursor.confirm(clock.now - answer.age, source.index);
    if (answer.age > this.#rules.staleAfter) {
      // It cannot reach its own source. The next one may, and then has more, or knows that there is
      // no more.
      round.isAnswered = true;
      this.#askNext(round, actions, clock);
      return this.#endIfOver(round, clock);
    }
    this.stop(actions);
    return 'confirmed';
  }

  /**
   * Returns true when the answer ends the round; otherwise another source is asked, or the same one
   * again.
   */
  #accept(
    round: Round,
    { source, from }: Attempt,
    answer: Exclude<Answer, Failure>,
    actions: Action[],
    clock: ClockReading,
  ): boolean {
    const cursor = this.#cursor;
    const environment = answer.kind === 'snapshot' ? answer.environment : undefined;
    // 304 is about the version of the request; a stream may have moved the cursor since.
    const version = answer.kind === 'unchanged' ? from : (answer.version ?? cursor.version);
    switch (cursor.judge(environment, version)) {
      case 'foreign copy':
        cursor.forget();
        actions.push({ kind: 'forget' });
        this.#ask(round, source, 0n, actions, clock);
        return false;
      case 'other environment': {
        const why = `it is environment ${environment}, and others are ${cursor.environment}`;
        this.#fail(round, source, { kind: 'failed', why }, actions, clock);
        return false;
      }
      case 'behind':
        source.behind = version;
        this.#askNext(round, actions, clock);
        return false;
      case 'newer':
        // A source that was behind and no longer is may have lost writes and continued from there:
        // then it has configs whose ids are below the cursor, and no delta from the cursor has
        // them. So everything is read once. [protocol] #lost-writes
        if (source.behind !== undefined && from > 0n) {
          source.behind = undefined;
          this.#ask(round, source, 0n, actions, clock);
          return false;
        }
        break;
      case 'same':
        break;
    }
    source.behind = undefined;
    if (answer.kind === 'snapshot') actions.push({ kind: 'merge' });
    cursor.advance(source.index, environment, version);
    return true;
  }

  #fail(round: Round, source: ClientSource, failure: Failure, actions: Action[], clock: ClockReading): void {
    if (failure.kind === 'refused') {
      source.refusal = failure.why;
      actions.push({ kind: 'warn', source: source.index, text: `refuses the key: ${failure.why}` });
    }
    source.snapshots.fail(failure, this.#rules.backoff, clock);
    this.#askNext(round, actions, clock);
  }

  #askNext(round: Round, actions: Action[], clock: ClockReading): void {
    const source = round.waiting.shift();
    round.hedgeAt = Infinity;
    if (source === undefined) return;
    this.#ask(round, source, this.#cursor.version, actions, clock);
    const { hedge } = this.#rules;
    if (hedge !== undefined && round.waiting.length > 0) round.hedgeAt = clock.now + hedge;
  }

  #ask(round: Round, source: ClientSource, from: bigint, actions: Action[], { now }: ClockReading): void {
    const attempt = this.#nextAttempt();
    const { environment, version } = this.#cursor;
    // Not when everything is wanted: a 304 would bring nothing.
    const known = environment === undefined || from === 0n ? undefined : { environment, version };
    source.snapshots.attempts++;
    round.underWay.set(attempt, { source, from, deadline: now + this.#rules.timeout });
    actions.push({ kind: 'fetch', attempt, source: source.index, from, known });
  }

  #endIfOver(round: Round, clock: ClockReading): RoundEnd | undefined {
    if (round.underWay.size > 0 || round.waiting.length > 0) return undefined;
    this.#round = undefined;
    if (round.isAnswered) return 'confirmed';
    const usable = this.#sources.filter(({ refusal }) => refusal === undefined);
    const wasAnswered = usable.some(({ snapshots }) => snapshots.failures === 0);
    if (wasAnswered) this.pollLater(clock);
    else this.#nextAt = earliest(usable.map(({ snapshots }) => snapshots));
    return 'nothing';
  }
}
