/**
 * The stream: one at a time, from the first source in order that has one and may be asked.
 *
 * A successful response that ends too soon is a failure. That is how this project began: a cache answered subscriptions with 200 and a finished copy of
 * an old stream, and clients that took the 200 for a success reconnected at once, for as long as the copy lasted. So a stream that ends within
 * `minConnection` counts as failed, and failures back off exponentially; only one that lasted clears the count.
 */
import type { Action, Failure, ClockReading, StreamEnd } from './events.js';
import type { ClientCursor } from './cursor.js';
import { earliest, type Rules, type ClientSource } from './sources.js';

interface Connection {
  readonly attempt: number;
  readonly source: ClientSource;
  /** Where we stood when it was asked for. */
  readonly from: bigint;
  /** When the head of the answer was there. */
  opened: number | undefined;
  /** Until the head of the answer, or the next byte, must be there. */
  deadline: number;
  /** Whether a message came. */
  seen: boolean;
}

export type StreamOutcome = 'taken' | 'lost' | undefined;

export class StreamFollower {
  readonly #sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #position: ClientCursor;
  readonly #nextAttempt: () => number;
  #connection: Connection | undefined;
  /** Whose stream has just failed: another source comes first. */
  #failed: ClientSource | undefined;
  /** When the next connection is made. */
  #nextAt = Infinity;

  constructor(
    sources: readonly ClientSource[],
    rules: Rules,
    position: ClientCursor,
    /** Numbers attempts. */
    nextAttempt: () => number,
  ) {
    this.#sources = sources.filter(({ streams }) => streams);
    this.#rules = rules;
    this.#position = position;
    this.#nextAttempt = nextAttempt;
  }

  get isOpen(): boolean {
    return this.#connection?.opened !== undefined;
  }

  /** Whether the stream has been open for long enough to be trusted with what polls are for. */
  isSteady(now: number): boolean {
    const opened = this.#connection?.opened;
    return opened !== undefined && now - opened >= this.#rules.minConnection;
  }

  get wakeAt(): number {
    return this.#connection?.deadline ?? this.#nextAt;
  }

  /** Connects now, if there is no connection and a source may be asked; else as soon as one may. */
  connect(actions: Action[], { now }: ClockReading): void {
    if (this.#connection !== undefined) return;
    const usable = this.#usable();
    const ready = usable.filter(({ stream }) => stream.notBefore <= now);
    const source = ready.find((each) => each !== this.#failed) ?? ready[0];
    this.#nextAt = source === undefined ? earliest(usable.map(({ stream }) => stream)) : Infinity;
    if (source === undefined) return;
    this.#failed = undefined;
    const attempt = this.#nextAttempt();
    const from = this.#position.version;
    source.stream.attempts++;
    const deadline = now + this.#rules.timeout;
    this.#connection = { attempt, source, from, opened: undefined, deadline, seen: false };
    actions.push({ kind: 'subscribe', attempt, source: source.index, from });
  }

  /** Ends the connection, and makes none until it is told to. */
  stop(actions: Action[]): void {
    if (this.#connection !== undefined) actions.push({ kind: 'abort', attempt: this.#connection.attempt });
    this.#connection = undefined;
    this.#nextAt = Infinity;
  }

  time(actions: Action[], moment: ClockReading): StreamOutcome {
    const connection = this.#connection;
    if (connection === undefined) {
      if (this.#nextAt <= moment.now) this.connect(actions, moment);
      return undefined;
    }
    if (connection.deadline > moment.now) return undefined;
    actions.push({ kind: 'abort', attempt: connection.attempt });
    const why =
      connection.opened === undefined
        ? `no answer within ${this.#rules.timeout} ms`
        : `not a byte for ${this.#rules.idle} ms`;
    return this.#fail(connection, { kind: 'failed', why }, moment);
  }

  opened(attempt: number, moment: ClockReading): void {
    const connection = this.#of(attempt);
    if (connection === undefined) return;
    connection.opened = moment.now;
    this.#heard(connection, moment);
  }

  heard(attempt: number, moment: ClockReading): void {
    const connection = this.#of(attempt);
    if (connection !== undefined) this.#heard(connection, moment);
  }

  retry(attempt: number, milliseconds: number): void {
    const connection = this.#of(attempt);
    if (connection !== undefined) connection.source.retry = milliseconds;
  }

  message(
    attempt: number,
    environment: bigint | undefined,
    version: bigint,
    actions: Action[],
    moment: ClockReading,
  ): StreamOutcome {
    const connection = this.#of(attempt);
    if (connection === undefined) return undefined;
    const { source, from } = connection;
    const isFirst = !connection.seen;
    connection.seen = true;
    switch (this.#position.judge(environment, version)) {
      case 'foreign copy':
        this.#position.forget();
        actions.push({ kind: 'abort', attempt }, { kind: 'forget' });
        this.#connection = undefined;
        // It is our own copy that was wrong, so the source may be asked at once for what it has.
        this.connect(actions, moment);
        return undefined;
      case 'other environment': {
        const why = `it is environment ${environment}, and others are ${this.#position.environment}`;
        actions.push({ kind: 'abort', attempt });
        return this.#fail(connection, { kind: 'failed', why }, moment);
      }
      case 'behind':
        // The first event of a stream is above where we stood, unless the source is older than we are and sends everything that it has.
        if (isFirst && version < from) {
          source.behind = version;
          if (this.#hasOther(source, moment)) {
            const why = `it is at version ${version}, older than what we have`;
            actions.push({ kind: 'abort', attempt });
            return this.#fail(connection, { kind: 'failed', why }, moment);
          }
        }
        break;
      case 'newer':
      case 'same':
        source.behind = undefined;
        break;
    }
    // Also from a source that is behind: each config is taken by its own id, and one that was changed after writes were lost has an id below our version.
    actions.push({ kind: 'take' });
    this.#position.advance(source.index, environment, version);
    this.#heard(connection, moment);
    return 'taken';
  }

  ended(attempt: number, end: StreamEnd, actions: Action[], moment: ClockReading): StreamOutcome {
    const connection = this.#of(attempt);
    return connection === undefined ? undefined : this.#end(connection, end, actions, moment);
  }

  /** The server, or the network, ended the stream. */
  #end(connection: Connection, end: StreamEnd, actions: Action[], moment: ClockReading): StreamOutcome {
    const { source, opened } = connection;
    const { minConnection } = this.#rules;
    const lasted = opened === undefined ? 0 : moment.now - opened;
    if (opened !== undefined && lasted < minConnection) {
      source.short++;
      const how = end.kind === 'ended' ? 'ended' : `broke (${end.why})`;
      const why = `the stream was opened and ${how} after ${Math.round(lasted)} ms`;
      if (source.short === 1) {
        const text = `${why}: a success that ends too soon counts as a failure`;
        actions.push({ kind: 'warn', source: source.index, text });
      }
      return this.#fail(connection, { kind: 'failed', why }, moment);
    }
    if (opened !== undefined) source.stream.failures = 0;
    if (end.kind !== 'ended') {
      if (end.kind === 'refused') {
        source.refusal = end.why;
        actions.push({ kind: 'warn', source: source.index, text: `refuses the key: ${end.why}` });
      }
      return this.#fail(connection, end, moment);
    }
    // A server that ends a stream in its time wants us back in its time, and no other source needs to be asked.
    source.stream.fail({ kind: 'failed', why: '' }, this.#rules.backoff, moment, source.retry);
    source.stream.failures = 0;
    source.stream.problem = undefined;
    this.#connection = undefined;
    this.#nextAt = source.stream.notBefore;
    return 'lost';
  }

  /** The stream is of no use any more. */
  #fail({ source }: Connection, failure: Failure, moment: ClockReading): StreamOutcome {
    const { backoff } = this.#rules;
    source.stream.fail(failure, backoff, moment, source.retry);
    this.#connection = undefined;
    this.#failed = source;
    // Another source may be asked soon, but not by all clients of this one in the same moment.
    this.#nextAt = moment.now + (failure.kind === 'failed' ? moment.random() * backoff.first : 0);
    return 'lost';
  }

  #usable(): ClientSource[] {
    return this.#sources.filter(({ refusal }) => refusal === undefined);
  }

  #hasOther(source: ClientSource, { now }: ClockReading): boolean {
    return this.#usable().some((other) => other !== source && other.stream.notBefore <= now);
  }

  /** The connection, if that attempt is the present one. */
  #of(attempt: number): Connection | undefined {
    return this.#connection?.attempt === attempt ? this.#connection : undefined;
  }

  #heard(connection: Connection, { now }: ClockReading): void {
    const { source, opened } = connection;
    connection.deadline = now + this.#rules.idle;
    if (opened !== undefined && source.behind === undefined) this.#position.confirm(now, source.index);
  }
}
