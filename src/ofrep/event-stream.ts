/**
 * The event stream that a bulk answer names, on which a provider is notified to fetch again. Pure.
 * [protocol] #openfeature
 */
import { positionText } from '../ruleset/client-position.js';

/**
 * The address of an event stream. The web provider reads both forms; the second uses the origin
 * that the provider is configured with.
 */
export type EventStream = {
  readonly type: 'sse';
  readonly inactivityDelaySec: number;
} & ({ readonly url: string } | { readonly endpoint: { readonly requestUri: string } });

/** The path of event streams; a token follows. */
export const STREAM_PREFIX = '/ofrep/v1/streams/';

/** A page that is hidden for so long closes its stream. The schema's own default. Seconds. */
const INACTIVITY_SECONDS = 120;

/**
 * Builds the address of an event stream.
 *
 * @param token opens the stream
 * @param position of the values in the answer: the stream begins behind it
 * @param base the URL before the route's path, where that is not the origin of the answer
 */
export function eventStream(token: string, position: bigint, base: string | undefined): EventStream {
  const requestUri = `${STREAM_PREFIX}${token}?at=${positionText(position)}`;
  const place = base === undefined ? { endpoint: { requestUri } } : { url: base + requestUri };
  return { type: 'sse', ...place, inactivityDelaySec: INACTIVITY_SECONDS };
}
