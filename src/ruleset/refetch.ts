/** The event that makes a client fetch its values again. [protocol] #event-streams */
import { boundaryOfPosition, positionText } from './client-position.js';

/**
 * The text of a refetch event. OpenFeature's providers repeat `etag` and `lastModified` in the
 * request that follows; our answer to it is at least as new as `etag`.
 *
 * @param position of the values to fetch; see client-position.ts
 * @param at the commit time of their ruleset, microseconds since 1970; a boundary that passed later
 * counts in its place
 */
export function refetchText(position: bigint, at: bigint): string {
  const id = positionText(position);
  const boundary = Math.floor(boundaryOfPosition(position) / 1000);
  const data = {
    type: 'refetchEvaluation',
    etag: id,
    lastModified: Math.max(Number(at / 1_000_000n), boundary),
  };
  return `data: ${JSON.stringify(data)}\nid: ${id}\n\n`;
}
