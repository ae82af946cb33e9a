/**
 * Versions and ids: int64, unique and increasing inside an environment.
 *
 * Real ids reach 1.7 × 10^16, beyond the 2^53 that a double holds exactly, so they are `bigint`
 * here and decimal text outside.
 */
export const MAX_ID = 2n ** 63n - 1n;

/**
 * Reads an id or version from text, such as a `Last-Event-ID` header or a path segment: decimal
 * digits without sign, spaces or leading zeros, from 0 to 2^63 - 1. Anything else is `undefined`.
 */
export function parseVersion(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,18})$/.test(text)) return undefined;
  const version = BigInt(text);
  return version <= MAX_ID ? version : undefined;
}

/**
 * The first id that a change may be given, when its configs come without ids of their own.
 *
 * Normally the time in microseconds, which says when the change was made. Two cases need more than
 * `max(now, previous + 1)`: a source may have given ids that run ahead of the clock, and a store
 * may lose its last second of writes. Ids therefore move on by at least the time that has passed
 * since the last commit, so that an id which was lost with its write is never given again: not if
 * more microseconds have passed since the loss than configs were lost, and no store comes back
 * faster than that.
 *
 * @param now microseconds since 1970, by the store's clock
 * @param previous the environment's version
 * @param committedAt when that version was committed, microseconds by the same clock
 */
export function nextId(now: bigint, previous: bigint, committedAt: bigint): bigint {
  const passed = now > committedAt ? now - committedAt : 1n;
  const moved = previous + passed;
  return now > moved ? now : moved;
}
