/**
 * The instructions that make a GRIP proxy keep a connection open. [protocol] #holds
 */
import { Channel, GripInstruct } from '@fanoutio/grip';
import { KEY_PREV_ID, keyChannel, streamChannel, type Stream } from '../grip/channels.js';
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
  readonly version: bigint;
  /** The path of the recovery link. */
  readonly link: string;
}

/**
 * Builds the headers of a response that is to be held. The next response over the recovery link
 * replaces all of them, so each carries all of them. The link's timeout is between 80 % of T and T,
 * so that holds which began together are not verified together.
 *
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function holdHeaders(hold: Hold, times: HoldTimes, random: number): Record<string, string> {
  const instruct = new GripInstruct([
    new Channel(streamChannel(hold.stream), `${hold.version}`),
    new Channel(keyChannel(hold.keyId), KEY_PREV_ID),
  ]);
  instruct.setHoldStream();
  instruct.setKeepAlive(KEEP_ALIVE, times.keepAlive);
  instruct.setNextLink(hold.link, Math.max(1, Math.floor(times.staleness * (0.8 + 0.2 * random))));
  return instruct.toHeaders();
}
