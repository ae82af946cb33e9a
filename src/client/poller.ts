/**
 * Rounds through the sources by snapshot: in their order, until one answers that is not older than we are and not stale. For the start, and while no stream
 * is open.
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
  /** Whether a source has brought or confirmed what we have, with an age that made us go on to the next. */
  isAnswered: boolean;
}

/** How a round ended: a source confirmed or brought what we have; or none did. */
export type RoundEnd = 'confirmed' | 'nothing';

export class Poller {
  readonly #sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #position: ClientCursor;
  readonly #nextAttempt: () => number;
  #round: Round | undefined;
  /** When the next round begins. */
  #nextAt = Infinity;

  constructor(
    sources: readonly ClientSource[],
    rules: Rules,
    position: ClientCursor,
    /** Numbers attempts. */
    nextAttempt: () => number,
  ) {
    this.#sources = sources;
    this.#rules = rules;
    this.#position = position;
    this.#nextAttempt = nextAttempt;
  }

  get isUnderWay(): boolean {
    return this.#round !== undefined;
  }

  get wakeAt(): number {
    const round = this.#round;
    if (round === undefined) return this.#nextAt;
    const deadlines = Array.from(round.underWay.values(), ({ deadline }) => deadline);
    return Math.min(round.hedgeAt, ...deadlines);
  }

  /** Begins a round with the sources that may be asked now, or waits for the first that may. */
  begin(actions: Action[], moment: ClockReading): void {
    const usable = this.#sources.filter(({ refusal }) => refusal === undefined);
    const waiting = usable.filter(({ snapshots }) => snapshots.notBefore <= moment.now);
    this.#nextAt = Infinity;
    if (waiting.length === 0) {
      this.#nextAt = earliest(usable.map(({ snapshots }) => snapshots));
      return;
    }
    this.#round = { waiting, underWay: new Map(), hedgeAt: Infinity, isAnswered: false };
    this.#askNext(this.#round, actions, moment);
  }

  /** The next round after the interval of polls, a little different each time. */
  pollLater({ now, random: chance }: ClockReading): void {
    this.#nextAt = now + this.#rules.poll * (0.9 + 0.2 * chance());
  }

  /** Whether a round is under way, or will begin by itself. */
  get isScheduled(): boolean {
    return this.#round !== undefined || this.#nextAt < Infinity;
  }

  /** Ends the round, and begins none until it is told to. */
  stop(actions: Action[]): void {
    for (const attempt of this.#round?.underWay.keys() ?? []) actions.push({ kind: 'abort', attempt });
    this.#round = undefined;
    this.#nextAt = Infinity;
  }

  /** Looks at the clock. */
  time(actions: Action[], moment: ClockReading): RoundEnd | undefined {
    const { now } = moment;
    const round = this.#round;
    if (round === undefined) {
      if (this.#nextAt <= now) this.begin(actions, moment);
      return undefined;
    }
    const late = [...round.underWay].filter(([, { deadline }]) => deadline <= now);
    for (const [attempt, { source }] of late) {
      round.underWay.delete(attempt);
      actions.push({ kind: 'abort', attempt });
      const why = `no answer within ${this.#rules.timeout} ms`;
      this.#fail(round, source, { kind: 'failed', why }, actions, moment);
    }
    if (round.hedgeAt <= now) this.#askNext(round, actions, moment);
    return this.#endIfOver(round, moment);
  }

  answer(attempt: number, answer: Answer, actions: Action[], moment: ClockReading): RoundEnd | undefined {
    const round = this.#round;
    const asked = round?.underWay.get(attempt);
    if (round === undefined || asked === undefined) return undefined;
    round.underWay.delete(attempt);
    const { source } = asked;
    if (answer.kind !== 'snapshot' && answer.kind !== 'unchanged') {
      this.#fail(round, source, answer, actions, moment);
      return this.#endIfOver(round, moment);
    }
    source.snapshots.succeed();
    if (!this.#accept(round, asked, answer, actions, moment)) return this.#endIfOver(round, moment);
    this.#position.confirm(moment.now - answer.age, source.index);
    if (answer.age > this.#rules.staleAfter) {
      // It cannot reach what it copies from. The next one may, and then has more, or knows that there is no more.
      round.isAnswered = true;
      this.#askNext(round, actions, moment);
      return this.#endIfOver(round, moment);
    }
    this.stop(actions);
    return 'confirmed';
  }

  /** Whether the answer ends the round; otherwise somebody else is asked, or the same source again. */
  #accept(
    round: Round,
    { source, from }: Attempt,
    answer: Exclude<Answer, Failure>,
    actions: Action[],
    moment: ClockReading,
  ): boolean {
    const position = this.#position;
    const environment = answer.kind === 'snapshot' ? answer.environment : undefined;
    // 304 is about the version that was asked with; a stream may have moved us on since.
    const version = answer.kind === 'unchanged' ? from : (answer.version ?? position.version);
    switch (position.judge(environment, version)) {
      case 'foreign copy':
        position.forget();
        actions.push({ kind: 'forget' });
        this.#ask(round, source, 0n, actions, moment);
        return false;
      case 'other environment': {
        const why = `it is environment ${environment}, and others are ${position.environment}`;
        this.#fail(round, source, { kind: 'failed', why }, actions, moment);
        return false;
      }
      case 'behind':
        source.behind = version;
        this.#askNext(round, actions, moment);
        return false;
      case 'newer':
        // A source that was behind and is not any more may have lost writes and gone on from there: then it has configs whose ids are below
        // our version, and no delta from our version has them. So everything is read once. [protocol] #lost-writes
        if (source.behind !== undefined && from > 0n) {
          source.behind = undefined;
          this.#ask(round, source, 0n, actions, moment);
          return false;
        }
        break;
      case 'same':
        break;
    }
    source.behind = undefined;
    if (answer.kind === 'snapshot') actions.push({ kind: 'take' });
    position.advance(source.index, environment, version);
    return true;
  }

  #fail(round: Round, source: ClientSource, failure: Failure, actions: Action[], moment: ClockReading): void {
    if (failure.kind === 'refused') {
      source.refusal = failure.why;
      actions.push({ kind: 'warn', source: source.index, text: `refuses the key: ${failure.why}` });
    }
    source.snapshots.fail(failure, this.#rules.backoff, moment);
    this.#askNext(round, actions, moment);
  }

  #askNext(round: Round, actions: Action[], moment: ClockReading): void {
    const source = round.waiting.shift();
    round.hedgeAt = Infinity;
    if (source === undefined) return;
    this.#ask(round, source, this.#position.version, actions, moment);
    const { hedge } = this.#rules;
    if (hedge !== undefined && round.waiting.length > 0) round.hedgeAt = moment.now + hedge;
  }

  #ask(round: Round, source: ClientSource, from: bigint, actions: Action[], { now }: ClockReading): void {
    const attempt = this.#nextAttempt();
    const { environment, version } = this.#position;
    // Not when everything is wanted: a 304 would bring nothing.
    const known = environment === undefined || from === 0n ? undefined : { environment, version };
    source.snapshots.attempts++;
    round.underWay.set(attempt, { source, from, deadline: now + this.#rules.timeout });
    actions.push({ kind: 'fetch', attempt, source: source.index, from, known });
  }

  #endIfOver(round: Round, moment: ClockReading): RoundEnd | undefined {
    if (round.underWay.size > 0 || round.waiting.length > 0) return undefined;
    this.#round = undefined;
    if (round.isAnswered) return 'confirmed';
    const usable = this.#sources.filter(({ refusal }) => refusal === undefined);
    const wasAnswered = usable.some(({ snapshots }) => snapshots.failures === 0);
    if (wasAnswered) this.pollLater(moment);
    else this.#nextAt = earliest(usable.map(({ snapshots }) => snapshots));
    return 'nothing';
  }
}
