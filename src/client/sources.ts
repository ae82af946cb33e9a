/** The state of each source: failures, the time of the next attempt, refusals. */
import { fullJitter, type BackoffRange } from '../core/backoff.js';
import type { ClockReading, Failure } from './events.js';

/** The times by which the machine decides. Milliseconds. */
export interface Rules {
  /** An attempt that has no answer by then has failed. */
  readonly timeout: number;
  /**
   * After this the next source is asked too, while the first still has time to answer; `undefined`:
   * never.
   */
  readonly hedge: number | undefined;
  /** Between two rounds through the sources while no stream is open. */
  readonly poll: number;
  /** A stream that ends sooner has failed, whatever its status was. */
  readonly minConnection: number;
  /** A stream without a byte for so long is dead. */
  readonly idle: number;
  /** An answer with an `Age` above this is merged, and the next source is asked too. */
  readonly staleAfter: number;
  readonly backoff: BackoffRange;
}

/** The longest wait that a server can ask for with `retry:` or `Retry-After`. Milliseconds. */
export const MAX_RETRY_AFTER = 300_000;

/**
 * A source that said it has no stream is asked again after half to all of this: it may have been
 * the answer of a proxy. Milliseconds.
 */
export const ABSENT_FOR = 600_000;

/** The attempts at one route of a source: snapshots, or the stream. */
export class Channel {
  failures = 0;
  /**
   * The time of the next attempt, at the earliest; Infinity for never. Milliseconds of the
   * machine's clock.
   */
  notBefore = 0;
  /** The reason of the last failure; `undefined` after a success. */
  problem: string | undefined;
  /** The number of requests so far. */
  attempts = 0;

  /** Notes a success. */
  succeed(): void {
    this.failures = 0;
    this.notBefore = 0;
    this.problem = undefined;
  }

  /**
   * Notes a failure and sets the time of the next attempt.
   *
   * @param retry the wait that the stream's `retry:` asked for
   */
  fail(failure: Failure, backoff: BackoffRange, { now, random }: ClockReading, retry = 0): void {
    this.problem = failure.why;
    // To have no such route is no failure.
    if (failure.kind === 'absent') {
      this.notBefore = now + ABSENT_FOR * (0.5 + 0.5 * random());
      return;
    }
    this.failures++;
    if (failure.kind === 'stop') this.notBefore = Infinity;
    else {
      const asked = failure.kind === 'failed' ? (failure.retryAfterMs ?? 0) : 0;
      const wait = Math.min(MAX_RETRY_AFTER, Math.max(asked, retry));
      // The jitter comes on top of what the server asked for, so that its clients do not all come
      // back when that time is over.
      this.notBefore = now + wait + fullJitter(this.failures, backoff, random());
    }
  }
}

/** One source of the client. */
export class ClientSource {
  readonly index: number;
  /** True when its stream is used. */
  readonly streams: boolean;
  readonly snapshots = new Channel();
  readonly stream = new Channel();
  /** The number of streams that were opened with 200 and ended too soon. */
  shortLived = 0;
  /** The wait before a reconnect that its stream asked for last. Milliseconds. */
  retry = 0;
  /** The reason for which it refuses the key. */
  refusal: string | undefined;
  /**
   * The version at which it was seen to be older than we are; `undefined` since it was not any
   * more.
   */
  behind: bigint | undefined;

  constructor(index: number, streams: boolean) {
    this.index = index;
    this.streams = streams;
  }

  /** Forgets every failure and refusal. */
  reset(): void {
    this.refusal = undefined;
    this.snapshots.succeed();
    this.stream.succeed();
  }
}

/** Returns the time at which the first of these channels may be asked again. */
export function earliest(channels: readonly Channel[]): number {
  return Math.min(Infinity, ...channels.map((channel) => channel.notBefore));
}
