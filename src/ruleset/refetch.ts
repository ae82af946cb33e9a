/** The event that makes a client fetch its values again. [protocol] #event-streams */

/**
 * The text of a refetch event. OpenFeature's providers repeat `etag` and `lastModified` in the
 * request that follows; our answer to it is at least as new as `etag`.
 *
 * @param clientVersion of the ruleset to fetch from
 * @param at the commit time of that ruleset, microseconds since 1970
 */
export function refetchText(clientVersion: bigint, at: bigint): string {
  const data = {
    type: 'refetchEvaluation',
    etag: `${clientVersion}`,
    lastModified: Number(at / 1_000_000n),
  };
  return `data: ${JSON.stringify(data)}\nid: ${clientVersion}\n\n`;
}
