/** What is known of each source. */
import type { Failure, ClockReading } from './events.js';
import { delayAfter, type BackoffOptions } from './backoff.js';

/** What the machine goes by. Milliseconds. */
export interface Rules {
  /** An attempt that has no answer by then has failed. */
  readonly timeout: number;
  /** After this the next source is asked too, while the first has still time to answer; `undefined`: never. */
  readonly hedge: number | undefined;
  /** Between two rounds through the sources while no stream is open. */
  readonly poll: number;
  /** A stream that ends sooner has failed, whatever its status was. */
  readonly minConnection: number;
  /** A stream without a byte for so long is dead. */
  readonly idle: number;
  /** An answer with an `Age` above this is taken, and the next source is asked too. */
  readonly staleAfter: number;
  readonly backoff: BackoffOptions;
}

/** A server that asks for more patience than that with `retry:` or `Retry-After` gets this. Milliseconds. */
export const MAX_LEAST = 300_000;

/** A source that said it has no stream is asked again after half to all of this: it may have been the answer of a proxy. Milliseconds. */
export const ABSENT_FOR = 600_000;

/** One of the two things that a source can be asked for. */
export class Channel {
  failures = 0;
  /** Not asked before. Milliseconds of the machine's clock; never, for Infinity. */
  notBefore = 0;
  /** Why it failed the last time; `undefined` after a success. */
  problem: string | undefined;
  /** Requests so far. */
  attempts = 0;

  succeed(): void {
    this.failures = 0;
    this.notBefore = 0;
    this.problem = undefined;
  }

  /** @param retry what the stream's `retry:` asked for */
  fail(failure: Failure, backoff: BackoffOptions, { now, random: chance }: ClockReading, retry = 0): void {
    this.problem = failure.why;
    // Having none is no failure.
    if (failure.kind === 'absent') {
      this.notBefore = now + ABSENT_FOR * (0.5 + 0.5 * chance());
      return;
    }
    this.failures++;
    if (failure.kind === 'stop') this.notBefore = Infinity;
    else {
      const asked = failure.kind === 'failed' ? (failure.least ?? 0) : 0;
      const least = Math.min(MAX_LEAST, Math.max(asked, retry));
      this.notBefore = now + delayAfter(this.failures, backoff, least, chance());
    }
  }
}

export class ClientSource {
  readonly index: number;
  /** Whether its stream is used. */
  readonly streams: boolean;
  readonly snapshots = new Channel();
  readonly stream = new Channel();
  /** Streams that were opened with 200 and ended too soon. */
  short = 0;
  /** What its stream asked us to wait before we come back, the last time that it asked. Milliseconds. */
  retry = 0;
  /** Why it refuses the key. */
  refusal: string | undefined;
  /** The version at which it was seen to be older than we are; `undefined` since it was not any more. */
  behind: bigint | undefined;

  constructor(index: number, streams: boolean) {
    this.index = index;
    this.streams = streams;
  }

  /** As if nothing had gone wrong. */
  revive(): void {
    this.refusal = undefined;
    this.snapshots.succeed();
    this.stream.succeed();
  }
}

/** When the first of these channels may be asked again. */
export function earliest(channels: readonly Channel[]): number {
  return Math.min(Infinity, ...channels.map((channel) => channel.notBefore));
}
