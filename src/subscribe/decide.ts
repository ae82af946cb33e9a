/**
 * Where a client stands, and what it must be sent: the decision at the heart of a subscription. Pure.
 */
import { parseVersion } from '../ruleset/version.js';

export type Decision =
  /** The client lacks something: send the delta from where it stands. */
  | { readonly kind: 'behind'; readonly from: bigint }
  /** The client has what we have. */
  | { readonly kind: 'current' }
  /** The client has more than the store: writes were lost. Send the whole ruleset. */
  | { readonly kind: 'ahead' }
  /** The client has more than we have in memory, and the store cannot be asked. Hold it where it stands; a later check decides. */
  | { readonly kind: 'unverified' };

/**
 * @param position where the client stands
 * @param ours the version that we have
 * @param confirmed whether the store was asked, and has nothing newer than ours
 */
export function decide(position: bigint, ours: bigint, confirmed: boolean): Decision {
  if (position < ours) return { kind: 'behind', from: position };
  if (position === ours) return { kind: 'current' };
  return confirmed ? { kind: 'ahead' } : { kind: 'unverified' };
}

/**
 * Where a client says it stands: the larger of `Last-Event-ID` and where it began (`x-prefab-start-at-id`, or `at` in the URL of an event stream),
 * because the node and ruby SDKs repeat the start id of their first connection for ever, and a URL cannot change either. Text that is not a version counts as absent; with neither, the client has nothing: 0.
 * [protocol] #position
 */
export function positionOf(lastEventId: string | undefined, startedAt: string | undefined): bigint {
  const last = parseVersion(lastEventId) ?? 0n;
  const start = parseVersion(startedAt) ?? 0n;
  return last > start ? last : start;
}
