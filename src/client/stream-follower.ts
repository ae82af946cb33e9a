/**
 * Follows one stream at a time, from the first source in order that has one and may be asked.
 *
 * A successful response that ends too soon is a failure. That is how this project began: a cache
 * answered subscriptions with 200 and a finished copy of an old stream, and clients for which 200
 * is a success reconnected immediately, for as long as the copy lasted. So a stream that ends
 * within `minConnection` counts as failed, and failures back off exponentially; only one that
 * lasted clears the count.
 */
import type { Action, Failure, ClockReading, StreamEnd } from './events.js';
import type { ClientCursor } from './cursor.js';
import { earliest, type Rules, type ClientSource } from './sources.js';

interface Connection {
  readonly attempt: number;
  readonly source: ClientSource;
  /** The cursor when it was asked for. */
  readonly from: bigint;
  /** The time at which the head of the answer arrived. */
  opened: number | undefined;
  /** The time by which the head of the answer, or the next byte, must arrive. */
  deadline: number;
  /** True when a message arrived. */
  seen: boolean;
}

/** The outcome of an event for the stream: a message was merged, or the stream was lost. */
export type StreamOutcome = 'merged' | 'lost' | undefined;

/** Keeps one stream open, and decides which source is asked when it is lost. */
export class StreamFollower {
  readonly #sources: readonly ClientSource[];
  readonly #rules: Rules;
  readonly #cursor: ClientCursor;
  readonly #nextAttempt: () => number;
  #connection: Connection | undefined;
  /** The source whose stream has just failed: another source comes first. */
  #failed: ClientSource | undefined;
  /** The time of the next connection. */
  #nextAt = Infinity;

  constructor(
    sources: readonly ClientSource[],
    rules: Rules,
    cursor: ClientCursor,
    /** Numbers attempts. */
    nextAttempt: () => number,
  ) {
    this.#sources = sources.filter(({ streams }) => streams);
    this.#rules = rules;
    this.#cursor = cursor;
    this.#nextAttempt = nextAttempt;
  }

  /** True while a stream is open. */
  get isOpen(): boolean {
    return this.#connection?.opened !== undefined;
  }

  /** True when the stream has been open for so long that polls are not needed. */
  isSteady(now: number): boolean {
    const opened = this.#connection?.opened;
    return opened !== undefined && now - opened >= this.#rules.minConnection;
  }

  /** The time at which `time` has to be called; Infinity for never. */
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
    const from = this.#cursor.version;
    source.stream.attempts++;
    const deadline = now + this.#rules.timeout;
    this.#connection = { attempt, source, from, opened: undefined, deadline, seen: false };
    actions.push({ kind: 'subscribe', attempt, source: source.index, from });
  }

  /** Ends the connection, and makes none until `connect`. */
  stop(actions: Action[]): void {
    if (this.#connection !== undefined) actions.push({ kind: 'abort', attempt: this.#connection.attempt });
    this.#connection = undefined;
    this.#nextAt = Infinity;
  }

  /** Does what is due. */
  time(actions: Action[], clock: ClockReading): StreamOutcome {
    const connection = this.#connection;
    if (connection === undefined) {
      if (this.#nextAt <= clock.now) this.connect(actions, clock);
      return undefined;
    }
    if (connection.deadline > clock.now) return undefined;
    actions.push({ kind: 'abort', attempt: connection.attempt });
    const why =
      connection.opened === undefined
        ? `no answer within ${this.#rules.timeout} ms`
        : `not a byte for ${this.#rules.idle} ms`;
    return this.#fail(connection, { kind: 'failed', why }, clock);
  }

  /** Handles the head of the answer. */
  opened(attempt: number, clock: ClockReading): void {
    const connection = this.#of(attempt);
    if (connection === undefined) return;
    connection.opened = clock.now;
    this.#confirm(connection, clock);
  }

  /** Handles the arrival of bytes. */
  bytes(attempt: number, clock: ClockReading): void {
    const connection = this.#of(attempt);
    if (connection !== undefined) this.#confirm(connection, clock);
  }

  /** Handles the `retry:` of a stream. */
  retry(attempt: number, milliseconds: number): void {
    const connection = this.#of(attempt);
    if (connection !== undefined) connection.source.retry = milliseconds;
  }

  /** Handles a message. */
  message(
    attempt: number,
    environment: bigint | undefined,
    version: bigint,
    actions: Action[],
    clock: ClockReading,
  ): StreamOutcome {
    const connection = this.#of(attempt);
    if (connection === undefined) return undefined;
    const { source, from } = connection;
    const isFirst = !connection.seen;
    connection.seen = true;
    switch (this.#cursor.judge(environment, version)) {
      case 'foreign copy':
        this.#cursor.forget();
        actions.push({ kind: 'abort', attempt }, { kind: 'forget' });
        this.#connection = undefined;
        // The saved copy was wrong, so the source may be asked immediately for all that it has.
        this.connect(actions, clock);
        return undefined;
      case 'other environment': {
        const why = `it is environment ${environment}, and others are ${this.#cursor.environment}`;
        actions.push({ kind: 'abort', attempt });
        return this.#fail(connection, { kind: 'failed', why }, clock);
      }
      case 'behind':
        // The first event of a stream is above the cursor, unless the source is older than the
        // client and sends everything that it has.
        if (isFirst && version < from) {
          source.behind = version;
          if (this.#hasOther(source, clock)) {
            const why = `it is at version ${version}, older than what the client has`;
            actions.push({ kind: 'abort', attempt });
            return this.#fail(connection, { kind: 'failed', why }, clock);
          }
        }
        break;
      case 'newer':
      case 'same':
        source.behind = undefined;
        break;
    }
    // Also from a source that is behind: each config is merged by its own id, and one that was
    // changed after writes were lost has an id below the cursor.
    actions.push({ kind: 'merge' });
    this.#cursor.advance(source.index, environment, version);
    this.#confirm(connection, clock);
    return 'merged';
  }

  /** Handles the end of a stream. */
  ended(attempt: number, end: StreamEnd, actions: Action[], clock: ClockReading): StreamOutcome {
    const connection = this.#of(attempt);
    return connection === undefined ? undefined : this.#end(connection, end, actions, clock);
  }

  /** Decides about a stream that the server, or the network, ended. */
  #end(connection: Connection, end: StreamEnd, actions: Action[], clock: ClockReading): StreamOutcome {
    const { source, opened } = connection;
    const { minConnection } = this.#rules;
    const lasted = opened === undefined ? 0 : clock.now - opened;
    if (opened !== undefined && lasted < minConnection) {
      source.shortLived++;
      const how = end.kind === 'ended' ? 'ended' : `broke (${end.why})`;
      const why = `the stream was opened and ${how} after ${Math.round(lasted)} ms`;
      if (source.shortLived === 1) {
        const text = `${why}: a success that ends too soon counts as a failure`;
        actions.push({ kind: 'warn', source: source.index, text });
      }
      return this.#fail(connection, { kind: 'failed', why }, clock);
    }
    if (opened !== undefined) source.stream.failures = 0;
    if (end.kind !== 'ended') {
      if (end.kind === 'refused') {
        source.refusal = end.why;
        actions.push({ kind: 'warn', source: source.index, text: `refuses the key: ${end.why}` });
      }
      return this.#fail(connection, end, clock);
    }
    // A server that ends a stream after a while expects the client back after `retry`, and no other
    // source needs to be asked.
    source.stream.fail({ kind: 'failed', why: '' }, this.#rules.backoff, clock, source.retry);
    source.stream.failures = 0;
    source.stream.problem = undefined;
    this.#connection = undefined;
    this.#nextAt = source.stream.notBefore;
    return 'lost';
  }

  /** Ends the use of a stream that has failed. */
  #fail({ source }: Connection, failure: Failure, clock: ClockReading): StreamOutcome {
    const { backoff } = this.#rules;
    source.stream.fail(failure, backoff, clock, source.retry);
    this.#connection = undefined;
    this.#failed = source;
    // Another source may be asked soon, but not by all clients of this one in the same moment.
    this.#nextAt = clock.now + (failure.kind === 'failed' ? clock.random() * backoff.first : 0);
    return 'lost';
  }

  #usable(): ClientSource[] {
    return this.#sources.filter(({ refusal }) => refusal === undefined);
  }

  #hasOther(source: ClientSource, { now }: ClockReading): boolean {
    return this.#usable().some((other) => other !== source && other.stream.notBefore <= now);
  }

  /** Returns the connection if that attempt is the present one. */
  #of(attempt: number): Connection | undefined {
    return this.#connection?.attempt === attempt ? this.#connection : undefined;
  }

  #confirm(connection: Connection, { now }: ClockReading): void {
    const { source, opened } = connection;
    connection.deadline = now + this.#rules.idle;
    if (opened !== undefined && source.behind === undefined) this.#cursor.confirm(now, source.index);
  }
}
