/**
 * Positions on event streams: a client version and the newest time boundary that has passed,
 * because the values that clients see change with either.
 *
 * Both are in one number, ordered first by version, then by boundary, so that positions compare as
 * versions do. As text, in event ids, GRIP items and URLs, a position is `<client version>`, or
 * `<client version>-<boundary>` where a boundary has passed. [protocol] #event-streams
 */
import { parseVersion } from './version.js';

/** A boundary is a time in milliseconds, at most the last that a `Date` has: below 2^53. */
const BOUNDARY_BITS = 53n;

/** The latest boundary, milliseconds since 1970: the last time that a `Date` has. */
export const LAST_BOUNDARY = 8_640_000_000_000_000;

/**
 * The clocks of nodes may differ by this much, milliseconds: a boundary up to so far ahead may have
 * passed on another node.
 */
export const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Makes a position.
 *
 * @param boundary milliseconds since 1970; 0: none has passed
 */
export function clientPosition(clientVersion: bigint, boundary: number): bigint {
  return (clientVersion << BOUNDARY_BITS) | BigInt(boundary);
}

/** Returns the client version of a position. */
export function versionOfPosition(position: bigint): bigint {
  return position >> BOUNDARY_BITS;
}

/** Returns the boundary of a position, milliseconds since 1970; 0: none. */
export function boundaryOfPosition(position: bigint): number {
  return Number(BigInt.asUintN(Number(BOUNDARY_BITS), position));
}

/** Writes a position as text. */
export function positionText(position: bigint): string {
  const boundary = boundaryOfPosition(position);
  return boundary === 0 ? `${versionOfPosition(position)}` : `${versionOfPosition(position)}-${boundary}`;
}

/**
 * Reads a position from text, in exactly the form in which it is written; anything else is
 * `undefined`.
 */
export function parsePosition(text: string | undefined): bigint | undefined {
  const [, versionText, boundaryText = '0'] = /^(\d{1,19})(?:-([1-9]\d{0,15}))?$/.exec(text ?? '') ?? [];
  const version = parseVersion(versionText);
  const boundary = Number(boundaryText);
  return version === undefined || boundary > LAST_BOUNDARY ? undefined : clientPosition(version, boundary);
}
