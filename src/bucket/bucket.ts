/**
 * The port to where copies are kept. Implementations: file.ts and s3.ts, under one contract suite
 * (test/bucket/bucket-contract.ts).
 *
 * What it promises:
 * - A name has its whole content or none: no reader sees a part of a write, also not after a crash.
 * - When `write` resolves to `written`, the content is durable to the degree that the bucket is
 *   made for.
 * - Of several conditional writes that were made against one state, at most one is made, where
 *   `conditions` is `kept`.
 *
 * Names are paths of letters, digits, dots and dashes, below the prefix that the bucket was opened
 * with. Every method rejects with HoldfastError `bucket_unavailable` when the bucket cannot be
 * reached in time or refuses, and when the signal aborts.
 */

import { HoldfastError } from '../core/errors.js';

/** The read half of a bucket. */
export interface BucketReader {
  /**
   * For logs, metrics and cursors: the kind and place, without credentials, such as `s3
   * my-bucket/flags`.
   */
  readonly name: string;
  /** @throws HoldfastError `bucket_unavailable`; `copy_damaged` for content larger than `max` */
  read(name: string, options?: BucketReadOptions): Promise<BucketRead>;
}

/** The condition and limit of a read. */
export interface BucketReadOptions {
  /** An ETag: content that still has it is not sent again. */
  readonly unless?: string | undefined;
  /** The largest content that is read, bytes; default: `OBJECT_MAX_BYTES`. */
  readonly max?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The largest content that can be a copy, bytes. */
export const OBJECT_MAX_BYTES = 256 * 1024 * 1024;

/** Builds the error for content that is larger than what is read. */
export function tooLarge(bucket: string, name: string, max: number): HoldfastError {
  return new HoldfastError(
    'copy_damaged',
    `${name} in ${bucket} has more than ${max} bytes, which no copy has.`,
  );
}

/** A place for copies. */
export interface Bucket extends BucketReader {
  write(name: string, bytes: Uint8Array, options: WriteOptions): Promise<BucketWrite>;
  /** Every name that begins with the prefix, ascending as text. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<Listed>;
  /** Removes a name. One that is not there is no error. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
  /**
   * Tests whether conditions of writes are kept. An older store accepts and ignores them, so it is
   * tried with an object of the name `conditions`; that also shows whether the bucket can be
   * written to at all.
   */
  conditions(signal?: AbortSignal): Promise<'kept' | 'ignored'>;
}

/**
 * `age`: for how many seconds a cache between here and the bucket has had the answer; absent where
 * there is none.
 */
export type BucketRead =
  | { readonly kind: 'found'; readonly bytes: Uint8Array; readonly etag: string; readonly age?: number }
  /** It has the ETag that was given. */
  | { readonly kind: 'unchanged'; readonly age?: number }
  | { readonly kind: 'absent' };

/** The outcome of a write. */
export type BucketWrite =
  | { readonly kind: 'written' }
  /** The condition does not hold; nothing was written. */
  | { readonly kind: 'conflict' };

/** The condition and headers of a write. */
export interface WriteOptions {
  /**
   * `absent`: nothing has that name. An ETag: what has it is still what was read. `undefined`:
   * write in any case.
   */
  readonly condition?: 'absent' | { readonly etag: string } | undefined;
  readonly contentType: string;
  /** For those who read the bucket over HTTP, such as a CDN. */
  readonly cacheControl: string;
  readonly signal?: AbortSignal | undefined;
}

/** A name in a bucket's listing. */
export interface Listed {
  readonly name: string;
  /** When it was written, milliseconds since 1970 by the bucket's clock. */
  readonly writtenAt: number;
  /** Its size. */
  readonly bytes: number;
}

/** The object that `conditions` writes; no reader uses it. */
export const CONDITIONS_NAME = 'conditions';
