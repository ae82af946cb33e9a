/** The wait that an HTTP answer asks for. */

/**
 * Limits on requests are counted by the hour at the longest; a header that asks for more is wrong,
 * and must not silence anything for a day.
 */
const MAX_MS = 60 * 60 * 1000;

/**
 * `Retry-After` in seconds or as a date, else Fastly's `Fastly-RateLimit-Reset` (seconds since
 * 1970). At most an hour.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds; `undefined` where the answer asks for nothing, or for a time that is over
 */
export function retryAfter(
  headers: Record<string, string | string[] | undefined>,
  now: number,
): number | undefined {
  const after = headers['retry-after'];
  const reset = headers['fastly-ratelimit-reset'];
  let wait: number | undefined;
  if (typeof after === 'string') {
    wait = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  } else if (typeof reset === 'string' && /^\d+$/.test(reset)) {
    wait = Number(reset) * 1000 - now;
  }
  if (wait === undefined || Number.isNaN(wait) || wait <= 0) return undefined;
  return Math.min(wait, MAX_MS);
}
