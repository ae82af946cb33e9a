/** Where a provider learns that it should ask again, as a bulk answer says it. Pure. [protocol] #openfeature */

/** The web provider reads both forms; the second has the origin that the provider itself is configured with. */
export type EventStream = {
  readonly type: 'sse';
  readonly inactivityDelaySec: number;
} & ({ readonly url: string } | { readonly endpoint: { readonly requestUri: string } });

/** What the route of event streams begins with; a token follows. */
export const STREAM_PREFIX = '/ofrep/v1/streams/';

/** After so long without being looked at, a page closes its stream. The schema's own default. Seconds. */
const INACTIVITY_SECONDS = 120;

/**
 * @param token opens the stream
 * @param clientVersion of the values in the answer: the stream begins behind it
 * @param base what the route's path follows, where that is not the origin of the answer
 */
export function eventStream(token: string, clientVersion: bigint, base: string | undefined): EventStream {
  const requestUri = `${STREAM_PREFIX}${token}?at=${clientVersion}`;
  const place = base === undefined ? { endpoint: { requestUri } } : { url: base + requestUri };
  return { type: 'sse', ...place, inactivityDelaySec: INACTIVITY_SECONDS };
}
