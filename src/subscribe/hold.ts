/** The instructions that make a GRIP proxy keep a connection open. [protocol] #holds */
import { KEY_PREV_ID, keyChannel, streamChannel, streamPositionText, type Stream } from '../grip/channels.js';
import type { HoldInstructions } from '../grip/instructions.js';
import { KEEP_ALIVE } from './stream.js';

/** The times that every hold instruction carries. */
export interface HoldTimes {
  /** Seconds between keep-alive comments. */
  readonly keepAlive: number;
  /** T of the invariant, seconds: no hold goes unverified for longer. */
  readonly staleness: number;
}

/** A connection that a proxy is to hold. */
export interface Hold {
  readonly stream: Stream;
  readonly keyId: string;
  /** The position that the response's body ends at. */
  readonly position: bigint;
  /** The path of the recovery link. */
  readonly link: string;
}

/**
 * Builds the instructions for a response that is to be held. The next response over the recovery
 * link replaces all of them, so each carries all of them. The link's timeout is between 80 % of T
 * and T, so that holds which began together are not verified together.
 *
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function holdInstructions(hold: Hold, times: HoldTimes, random: number): HoldInstructions {
  return {
    channels: [
      { name: streamChannel(hold.stream), prevId: streamPositionText(hold.stream.kind, hold.position) },
      { name: keyChannel(hold.keyId), prevId: KEY_PREV_ID },
    ],
    keepAlive: { text: KEEP_ALIVE, seconds: times.keepAlive },
    link: { path: hold.link, timeout: Math.max(1, Math.floor(times.staleness * (0.8 + 0.2 * random))) },
  };
}
