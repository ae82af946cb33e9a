/**
 * Versions and ids: int64, unique and increasing inside an environment.
 *
 * Real ids reach 1.7 × 10^16, beyond the 2^53 that a double holds exactly, so they are `bigint`
 * here and decimal text outside.
 */
export const MAX_ID = 2n ** 63n - 1n;

/** Ten years of 365.25 days in microseconds. */
const TEN_YEARS = 315_576_000_000_000n;

/**
 * The ids below `MAX_ID` that are given one by one: enough for a change each second for a century.
 */
const RESERVE = 2n ** 32n;

/**
 * The largest id that a source may give at a time: ten years ahead of the clock, in units of 100
 * ns. That is the finest unit that sources are known to count in (17018962363976479 is a day in
 * December 2023); those that count in microseconds are far below it.
 *
 * Ids never go back, so one id near `MAX_ID` would leave an environment without ids for good.
 *
 * @param now microseconds since 1970, by the store's clock
 */
export function idHorizon(now: bigint): bigint {
  return (now + TEN_YEARS) * 10n;
}

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
 * An environment whose version is near `MAX_ID`, from a time when sources could give any id, has no
 * room for that. There ids move on by one.
 *
 * @param now microseconds since 1970, by the store's clock
 * @param previous the environment's version
 * @param committedAt when that version was committed, microseconds by the same clock
 */
export function nextId(now: bigint, previous: bigint, committedAt: bigint): bigint {
  const passed = now > committedAt ? now - committedAt : 1n;
  const moved = previous + passed;
  if (moved > MAX_ID - RESERVE) return previous + 1n;
  return now > moved ? now : moved;
}
