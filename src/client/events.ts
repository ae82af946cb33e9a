/**
 * The events that the machine handles and the actions that it returns: the whole border between
 * deciding (machine.ts) and doing (client.ts).
 */

/**
 * The time of an event and the random numbers for it: all that a decision depends on besides the
 * events.
 */
export interface ClockReading {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** The version of a saved copy. */
export interface Saved {
  readonly environment: bigint;
  readonly version: bigint;
  /** Milliseconds since it was last known to be the newest. */
  readonly age: number;
}

/** The reason for which there is nothing to merge. `why` is for people. */
export type Failure =
  /**
   * Another try may succeed, not sooner than after `retryAfterMs` milliseconds if the server said
   * so.
   */
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs?: number }
  /** The key is refused, and will be until an operator or the caller acts. */
  | { readonly kind: 'refused'; readonly why: string }
  /** This source does not have this at all. */
  | { readonly kind: 'absent'; readonly why: string }
  /** The server asks clients not to reconnect: 204. */
  | { readonly kind: 'stop'; readonly why: string };

/** The answer of a source to a request for a snapshot. */
export type Answer =
  | {
      readonly kind: 'snapshot';
      readonly environment: bigint | undefined;
      /** `undefined` when neither an ETag nor a config says it. */
      readonly version: bigint | undefined;
      /** Milliseconds since the server last knew it to be the newest. */
      readonly age: number;
    }
  /** 304: it is the version that the client has. */
  | { readonly kind: 'unchanged'; readonly age: number }
  | Failure;

/** The end of a stream that was asked for. */
export type StreamEnd = { readonly kind: 'ended' } | Failure;

/** Something that happened to the client. */
export type Event =
  | { readonly kind: 'start'; readonly saved: Saved | undefined }
  /** The time `wakeAt` is reached. */
  | { readonly kind: 'time' }
  | { readonly kind: 'answer'; readonly attempt: number; readonly answer: Answer }
  | { readonly kind: 'opened'; readonly attempt: number }
  /** Bytes arrived, if only of a comment. */
  | { readonly kind: 'bytes'; readonly attempt: number }
  | { readonly kind: 'retry'; readonly attempt: number; readonly milliseconds: number }
  | {
      readonly kind: 'message';
      readonly attempt: number;
      readonly environment: bigint | undefined;
      readonly version: bigint;
    }
  | { readonly kind: 'ended'; readonly attempt: number; readonly end: StreamEnd }
  /**
   * The caller asks for another try: every source is asked again now, also those that refuse the
   * key.
   */
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' };

/** Something for the client to do. */
export type Action =
  /** GET the snapshot from a version; `known` goes into If-None-Match. Ends in one `answer`. */
  | {
      readonly kind: 'fetch';
      readonly attempt: number;
      readonly source: number;
      readonly from: bigint;
      readonly known: { readonly environment: bigint; readonly version: bigint } | undefined;
    }
  /** Open the stream from a version. Ends in one `ended`. */
  | { readonly kind: 'subscribe'; readonly attempt: number; readonly source: number; readonly from: bigint }
  /** End an attempt; nothing that still comes of it counts. */
  | { readonly kind: 'abort'; readonly attempt: number }
  /** Merge the message of the event that is being handled. */
  | { readonly kind: 'merge' }
  /** The ruleset turned out to be another environment's: start from nothing. */
  | { readonly kind: 'forget' }
  /** There is something to evaluate. */
  | { readonly kind: 'ready' }
  /** Every source refuses the key, and there is nothing to evaluate. */
  | { readonly kind: 'allRefused' }
  | { readonly kind: 'warn'; readonly source: number; readonly text: string };
