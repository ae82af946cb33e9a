import type { BackoffRange } from '../../core/backoff.js';

/**
 * The backoff of a bucket that failed: a bucket in trouble is not asked more often than every half
 * minute.
 */
export const BUCKET_BACKOFF: BackoffRange = { first: 500, max: 30_000 };
