/** What the machine is told, and what it says in return: the whole border between deciding (machine.ts) and doing (driver.ts). */

/** When, and by what chance: all that a decision depends on beside what has happened. */
export interface ClockReading {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** Where a saved copy stands. */
export interface Saved {
  readonly environment: bigint;
  readonly version: bigint;
  /** Milliseconds since it was last known to be the newest. */
  readonly age: number;
}

/** Why there is nothing to take. `why` is for people. */
export type Failure =
  /** Worth another try, not sooner than after `least` milliseconds if the server said so. */
  | { readonly kind: 'failed'; readonly why: string; readonly least?: number }
  /** The key is refused; it will be until somebody does something. */
  | { readonly kind: 'refused'; readonly why: string }
  /** This source does not have this at all. */
  | { readonly kind: 'absent'; readonly why: string }
  /** The server asks not to come back: 204. */
  | { readonly kind: 'stop'; readonly why: string };

export type Answer =
  | {
      readonly kind: 'snapshot';
      readonly environment: bigint | undefined;
      /** `undefined` when neither an ETag nor a config says it. */
      readonly version: bigint | undefined;
      /** Milliseconds since what answered last knew it to be the newest. */
      readonly age: number;
    }
  /** 304: it is what we have. */
  | { readonly kind: 'unchanged'; readonly age: number }
  | Failure;

/** How a stream that was opened came to its end. */
export type StreamEnd = { readonly kind: 'ended' } | Failure;

export type Event =
  | { readonly kind: 'start'; readonly saved: Saved | undefined }
  /** Time has passed: `wakeAt` is reached. */
  | { readonly kind: 'time' }
  | { readonly kind: 'answer'; readonly attempt: number; readonly answer: Answer }
  | { readonly kind: 'opened'; readonly attempt: number }
  /** Bytes came, if only a comment. */
  | { readonly kind: 'heard'; readonly attempt: number }
  | { readonly kind: 'retry'; readonly attempt: number; readonly milliseconds: number }
  | {
      readonly kind: 'message';
      readonly attempt: number;
      readonly environment: bigint | undefined;
      readonly version: bigint;
    }
  | { readonly kind: 'ended'; readonly attempt: number; readonly end: StreamEnd }
  /** Somebody did something about it: sources that were given up are tried again, all of them at once. */
  | { readonly kind: 'revive' }
  | { readonly kind: 'close' };

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
  /** End an attempt; nothing that it still says counts. */
  | { readonly kind: 'abort'; readonly attempt: number }
  /** Merge what the event that is being handled brought. */
  | { readonly kind: 'take' }
  /** What we have turned out to be another environment's: start from nothing. */
  | { readonly kind: 'forget' }
  /** There is something to evaluate. */
  | { readonly kind: 'ready' }
  /** Every source refuses the key, and there is nothing to evaluate. */
  | { readonly kind: 'hopeless' }
  | { readonly kind: 'warn'; readonly source: number; readonly text: string };
